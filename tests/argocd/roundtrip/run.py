"""What comes back of each object of a site whose operator publishes Go types: run.py BIN FLEET SITE...

Renders the site's instances with siteplan ($SITEPLAN), sends each object of a kind with a program in BIN (build.sh) through it, as the operator's
webhook does, and prints where what comes back differs in text from what was sent, less what ignoreDifferences of the Application names. Exit
status 1 where anything is left: Argo CD would compare it for ever.
"""
import glob, json, os, re, subprocess, sys
import yaml

programs, fleet, sites = sys.argv[1], sys.argv[2], sys.argv[3:]
siteplan = os.environ.get("SITEPLAN", "siteplan")


class Loader(yaml.CSafeLoader):
    pass


Loader.yaml_implicit_resolvers = {k: [(t, r) for t, r in v if t != "tag:yaml.org,2002:timestamp"] for k, v in Loader.yaml_implicit_resolvers.items()}


def differences(sent, back, at=""):
    """Fields that are sent, and lists as a whole: an added key of a map is no difference to Argo CD, one within a list is."""
    if isinstance(sent, dict) and isinstance(back, dict):
        for key, value in sent.items():
            yield from differences(value, back[key], f"{at}.{key}") if key in back else [f"{at}.{key}: not there"]
    elif isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        for one, other in zip(sent, back):
            if isinstance(one, dict) and isinstance(other, dict):
                for key in other.keys() | one.keys():
                    if one.get(key) is None and key not in one:
                        yield f"{at}[].{key}: added"
                    elif key in other:
                        yield from strict(one[key], other[key], f"{at}[].{key}")
                    else:
                        yield f"{at}[].{key}: not there"
            elif one != other:
                yield f"{at}[]: {one!r} comes back as {other!r}"
    elif type(sent) is not type(back) or sent != back:
        yield f"{at}: {sent!r} comes back as {back!r}"


def strict(sent, back, at):
    """Within a list added keys count."""
    if isinstance(sent, dict) and isinstance(back, dict):
        for key in back.keys() - sent.keys():
            yield f"{at}.{key}: added"
        for key in sent.keys() & back.keys():
            yield from strict(sent[key], back[key], f"{at}.{key}")
        for key in sent.keys() - back.keys():
            yield f"{at}.{key}: not there"
    else:
        yield from differences(sent, back, at)


def ignored(site, instance, kind):
    """The fields that the Application ignores, as this script writes them: `.spec.a[].b`."""
    application = yaml.load(open(f"{fleet}/out/{site}/apps/{instance}.yaml"), Loader)
    for entry in application["spec"].get("ignoreDifferences", []):
        if entry["kind"] == kind:
            for expression in entry.get("jqPathExpressions", []):
                yield re.sub(r"\[\]\?( \| select\([^)]*\) \| )?", "[]", expression).replace("[].", "[].")
            for pointer in entry.get("jsonPointers", []):
                yield pointer.replace("/", ".")


left = 0
for site in sites:
    for path in sorted(glob.glob(f"{fleet}/out/{site}/*/kustomization.yaml")):
        instance = path.split("/")[-2]
        if instance in ("apps", "bootstrap"):
            continue
        text = subprocess.run([siteplan, "-C", fleet, "render", f"{site}/{instance}"], capture_output=True, text=True, check=True).stdout
        for sent in filter(None, yaml.load_all(text, Loader)):
            program = f"{programs}/{sent['kind']}"
            if not os.path.exists(program):
                continue
            back = json.loads(subprocess.run([program], input=json.dumps(sent), capture_output=True, text=True, check=True).stdout)
            known = set(ignored(site, instance, sent["kind"]))
            found = [d for d in differences(sent["spec"], back["spec"], ".spec") if d.split(": ")[0] not in known]
            left += len(found)
            print("differs" if found else "equal  ", site, instance, sent["kind"], sent["metadata"]["name"], *found, sep="  ")
sys.exit(bool(left))
