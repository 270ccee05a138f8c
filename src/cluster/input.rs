//! Output of `oc get`, as a value. It is read by serde_yaml: no position in it is ever shown and none of its bytes is written
//! again, and JSON is YAML.

use serde_json::Value;

/// A problem of what `oc get` printed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterInputError {
    /// The text is neither YAML nor JSON, or not an object.
    #[error("the input is not the output of `{command} -o yaml` or `-o json`: {reason}")]
    Unreadable {
        /// The command that prints it.
        command: &'static str,
        /// The parser's words.
        reason: String,
    },
    /// An object without `items`.
    #[error("the input has no list of pods")]
    NoPods,
    /// An item that is no node.
    #[error("an item is of kind `{0}`, expected `Node`")]
    NotANode(String),
    /// A node without `metadata.name`.
    #[error("a node has no name")]
    NoName,
    /// A node without the label `kubernetes.io/arch` and without `status.nodeInfo.architecture`.
    #[error("node `{0}` does not say its architecture")]
    NoArchitecture(String),
    /// A node of another architecture than those of the input language.
    #[error("node `{node}` has the architecture `{architecture}`, which siteplan does not know")]
    UnknownArchitecture {
        /// The node.
        node: String,
        /// Its architecture.
        architecture: String,
    },
    /// A resource whose amount is malformed.
    #[error("node `{node}` offers `{amount}` of `{resource}`, which is not a quantity")]
    NotAQuantity {
        /// The node.
        node: String,
        /// The resource.
        resource: String,
        /// Its amount, as the cluster says it.
        amount: String,
    },
}

/// Reads the object that `oc get … -o yaml` or `-o json` printed.
pub(super) fn read_object(text: &str, command: &'static str) -> Result<Value, ClusterInputError> {
    // A list of pods can have many megabytes: JSON is read by the faster reader.
    let read = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    };
    match read {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => Err(ClusterInputError::Unreadable {
            command,
            reason: "it is not an object".to_owned(),
        }),
        Err(reason) => Err(ClusterInputError::Unreadable { command, reason }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_are_read_alike() {
        let expected = json!({"items": [{"kind": "Node", "status": {"allocatable": {"cpu": "3500m", "pods": "250"}}}]});
        let yaml = "items:\n- kind: Node\n  status:\n    allocatable: {cpu: 3500m, pods: '250'}\n";
        assert_eq!(read_object(yaml, "oc get nodes").unwrap(), expected);
        let json = expected.to_string();
        assert_eq!(read_object(&json, "oc get nodes").unwrap(), expected);
    }

    #[test]
    fn a_table_is_refused_with_the_command_that_was_meant() {
        let table = "NAME    STATUS   ROLES    AGE\nacp-1   Ready    worker   2d\n";
        let error = read_object(table, "oc get nodes").unwrap_err().to_string();
        assert_eq!(
            error,
            "the input is not the output of `oc get nodes -o yaml` or `-o json`: it is not an object"
        );
    }
}
