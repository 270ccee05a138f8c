//! The rules, by their stable identifiers.

/// A rule that an object can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable identifier in kebab case.
    pub id: &'static str,
    /// The mistake that breaks the rule, as a lower-case phrase.
    pub summary: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal, $summary:literal;)*) => {
        $(pub(crate) const $name: Rule = Rule { id: $id, summary: $summary };)*

        /// All rules, sorted by their identifiers.
        pub const RULES: &[Rule] = &[$($name),*];
    };
}

rules! {
    ACCESS_MODES = "access-modes", "access modes of a volume that exclude each other";
    ANNOTATION_KEY = "annotation-key", "the key of an annotation is no qualified name";
    ANNOTATIONS_SIZE = "annotations-size", "annotations have more than 256 KiB together";
    API_VERSION = "api-version", "a reference names no API version";
    BASE64 = "base64", "a value is not base64";
    CIDR_SYNTAX = "cidr", "a value is no network, or no part of the network around it";
    CLUSTER_IP = "cluster-ip", "addresses of a Service contradict each other or its type";
    CONFLICTING_FIELDS = "conflicting-fields", "fields that exclude each other are set together";
    CRON_SCHEDULE = "cron-schedule", "a schedule cannot be read";
    DATA_SOURCE = "data-source", "a claim is filled from a kind of object that does not exist";
    DEFINITION = "definition", "a definition of custom resources contradicts itself";
    DIVISOR = "divisor", "a resource is divided by no unit of it";
    DNS_CONFIG = "dns-config", "settings of DNS exceed their bounds";
    DOCKER_CONFIG = "docker-config", "credentials for registries are no JSON object";
    DUPLICATE_KEY = "duplicate-key", "a key is in a list twice, which server-side apply refuses";
    DUPLICATE_NAME = "duplicate-name", "a name is taken by another entry of the list";
    DUPLICATE_PATH = "duplicate-path", "a path is taken by another entry of the list";
    DUPLICATE_PORT = "duplicate-port", "a port is taken by another entry of the list";
    ENV_NAME = "env-name", "the name of an environment variable is malformed";
    ENV_SOURCE = "env-source", "a variable has no source of its value, or several";
    EPHEMERAL_CONTAINER = "ephemeral-container", "an ephemeral container is where it cannot be, or has what it cannot have";
    FIELD_PATH = "field-path", "a reference names no field that can be read";
    FILE_MODE = "file-mode", "a number is no file mode";
    FINALIZER = "finalizer", "a finalizer is malformed";
    HANDLER = "handler", "a probe or hook has several handlers, or one out of its bounds";
    HOST_NETWORK = "host-network", "ports differ on the network of the node";
    HOST_PROCESS = "host-process", "processes of the node are mixed with containers";
    HOST_USERS = "host-users", "a pod with users of its own shares something with the node";
    HTTP_HEADER = "http-header", "the name of an HTTP header is malformed";
    HUGE_PAGES = "huge-pages", "huge pages are no multiple of their size, or alone";
    IMAGE = "image", "an image has white space around it";
    IMMUTABLE = "immutable", "a field cannot be changed after the object is made";
    INGRESS_BACKEND = "ingress-backend", "an Ingress leads nowhere, or to two places";
    INIT_CONTAINER = "init-container", "an init container has what only lasting containers have";
    IP_FAMILY = "ip-family", "families of IP addresses contradict the addresses";
    IP_SYNTAX = "ip-address", "a value is no IP address that can be used here";
    JOB_INDEXES = "job-indexes", "numbers of an indexed Job contradict each other";
    JOB_POLICY = "job-policy", "a policy of a Job is malformed";
    JOB_SELECTOR = "job-selector", "a Job has a selector, which it makes itself";
    JSON_PATH = "json-path", "a path in an object does not begin as required";
    KEY_SYNTAX = "key-syntax", "a key is malformed";
    LABEL_KEY = "label-key", "the key of a label is no qualified name";
    LABEL_VALUE = "label-value", "the value of a label is malformed";
    LIMITS = "limit-range", "limits contradict each other";
    LOAD_BALANCER = "load-balancer", "a Service has what only load balancers have";
    METRIC = "metric", "a metric has several sources or targets";
    MOUNT_PROPAGATION = "mount-propagation", "a mount is propagated where it cannot be";
    NAME_SYNTAX = "name-syntax", "a name does not have the form that it needs";
    NODE_PORT = "node-port", "a port of the nodes is out of range or not of use";
    NUMBER_RANGE = "number-range", "a number is out of range";
    OS_FIELD = "os-field", "a field does not fit the operating system of the pod";
    OWNER_REFERENCE = "owner-reference", "an owner is incomplete, or there are two controllers";
    PATH_FORM = "path-form", "a path is absolute, relative or goes up where it may not";
    PERCENT = "percent", "a value is no percentage up to 100%";
    POD_ANNOTATION = "pod-annotation", "an annotation of a pod contradicts the pod";
    PSS_APPARMOR = "pod-security-apparmor", "an AppArmor profile confines nothing";
    PSS_CAPABILITIES = "pod-security-capabilities", "capabilities are added, or not all are dropped";
    PSS_ESCALATION = "pod-security-escalation", "processes can gain privileges";
    PSS_HOST_NAMESPACES = "pod-security-host-namespaces", "a pod shares a namespace with the node";
    PSS_HOST_PATH = "pod-security-host-path", "a pod mounts a directory of the node";
    PSS_HOST_PORTS = "pod-security-host-ports", "a pod takes a port of the node";
    PSS_HOST_PROCESS = "pod-security-host-process", "a container is a process of the node";
    POD_SECURITY_LABEL = "pod-security-label", "a label that asks for Pod Security has an unknown value";
    PSS_NON_ROOT = "pod-security-non-root", "a container can run as root";
    PSS_PRIVILEGED = "pod-security-privileged", "a container is privileged";
    PSS_PROBE_HOST = "pod-security-probe-host", "a probe or hook goes to another host";
    PSS_PROC_MOUNT = "pod-security-proc-mount", "a container sees all of `/proc`";
    PSS_RUN_AS_USER = "pod-security-run-as-user", "a container runs as user 0";
    PSS_SECCOMP = "pod-security-seccomp", "a seccomp profile is missing or confines nothing";
    PSS_SELINUX = "pod-security-selinux", "SELinux options loosen what containers may do";
    PSS_SYSCTLS = "pod-security-sysctls", "a kernel parameter is not safe to set";
    PSS_VOLUME_TYPES = "pod-security-volume-types", "a kind of volume is not allowed";
    POLICY_MESSAGE = "policy-message", "a message of a policy is empty or has several lines";
    POLICY_PEER = "policy-peer", "a network and a selector in one peer of a NetworkPolicy";
    POLICY_PORT = "policy-port", "a range of ports of a NetworkPolicy is malformed";
    PORT_NAME = "port-name", "the name of a port is malformed";
    PORT_RANGE = "port-range", "a number is no port";
    PRIORITY = "priority", "a priority or the name of its class is reserved";
    PROBE = "probe", "a probe has numbers that its kind cannot have";
    PROFILE = "security-profile", "a seccomp or AppArmor profile is malformed";
    QUANTITY_SYNTAX = "quantity-syntax", "a value is no quantity";
    QUANTITY_VALUE = "quantity-value", "a quantity is negative, zero or no whole number where it may not be";
    QUOTA_SCOPE = "quota-scope", "a scope of a quota is unknown or does not fit its resources";
    REPLICAS = "replicas", "numbers of replicas contradict each other";
    REQUEST_OVER_LIMIT = "request-over-limit", "a request is above the limit, or differs where it has to be equal";
    REQUIRED = "required", "a value is missing";
    RESOURCE_CLAIM = "resource-claim", "a claim of devices is malformed or unknown";
    RESOURCE_NAME = "resource-name", "a name stands for no resource that can be used here";
    RESTART_POLICY = "restart-policy", "a restart policy does not fit the kind or the container";
    ROLE_RULE = "role-rule", "a rule of a role mixes URLs and resources";
    SECURITY_CONTEXT = "security-context", "settings of security contradict each other";
    SELECTOR_EMPTY = "selector-empty", "a selector selects everything";
    SELECTOR_MISMATCH = "selector-mismatch", "a selector does not match the labels of the template";
    SELECTOR_OPERATOR = "selector-operator", "an operator is unknown";
    SELECTOR_VALUES = "selector-values", "values beside an operator that takes none";
    SPREAD = "topology-spread", "a spread constraint is repeated or has settings that are not used";
    STRATEGY = "strategy", "numbers of an update strategy contradict each other";
    STRUCTURAL_SCHEMA = "structural-schema", "a schema of custom resources is not structural";
    SYSCTL = "sysctl", "a kernel parameter is malformed or would change the node";
    TAINT = "taint", "a taint is repeated";
    TEMPLATE_METADATA = "template-metadata", "metadata of a template that cannot be set";
    TIME_ZONE = "time-zone", "a time zone does not exist";
    TOLERATION = "toleration", "a toleration has settings that contradict each other";
    TOO_LONG = "too-long", "a value is longer than allowed";
    TOO_MANY = "too-many", "a list has more entries than allowed";
    TOPOLOGY = "allowed-topology", "a requirement of a topology is repeated";
    TRAFFIC_POLICY = "traffic-policy", "a policy of traffic does not fit the Service";
    UNKNOWN_VOLUME = "unknown-volume", "a mount names no volume of the pod";
    UNSUPPORTED_VALUE = "unsupported-value", "a value is not one of those that are supported";
    VOLUME_DEVICE = "volume-device", "a volume cannot be a block device, or is mounted too";
    VOLUME_SOURCE = "volume-source", "a volume has several sources, or one of the wrong kind";
    WEBHOOK_CLIENT = "webhook-client", "a webhook cannot be reached as described";
    WILDCARD = "wildcard", "a wildcard beside entries that it covers";
}
