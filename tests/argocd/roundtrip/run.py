"""What comes back of each object of a site whose operator publishes Go types: run.py BIN FLEET SITE...

Renders the site's instances with siteplan ($SITEPLAN), sends each object of a kind with a program in BIN (build.sh) through it, as the operator's
webhook does, and has Argo CD's own code compare what was sent with what comes back, less what ignoreDifferences of the Application names (argocd-merge).
Exit status 1 where a difference is left: Argo CD would apply it for ever. 2 where no object of a kind with a program was found.
"""
import glob, json, os, subprocess, sys
import yaml

programs, fleet, sites = sys.argv[1], sys.argv[2], sys.argv[3:]
siteplan = os.environ.get("SITEPLAN", "siteplan")


class Loader(yaml.CSafeLoader):
    pass


Loader.yaml_implicit_resolvers = {k: [(t, r) for t, r in v if t != "tag:yaml.org,2002:timestamp"] for k, v in Loader.yaml_implicit_resolvers.items()}


def through(program, value):
    done = subprocess.run([f"{programs}/{program}"], input=json.dumps(value), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{program}: {done.stderr}")
    return done.stdout


def differences(wanted, there, at=""):
    """The fields in which two values differ, for people."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        for key in sorted(wanted.keys() | there.keys()):
            yield from differences(wanted.get(key), there.get(key), f"{at}.{key}")
    elif isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        for index, (one, other) in enumerate(zip(wanted, there)):
            yield from differences(one, other, f"{at}[{index}]")
    elif wanted != there:
        yield f"{at}: {wanted!r} comes back as {there!r}"


left, tried = 0, set()
for site in sites:
    for path in sorted(glob.glob(f"{fleet}/out/{site}/*/kustomization.yaml")):
        instance = path.split("/")[-2]
        if instance in ("apps", "bootstrap"):
            continue
        application = yaml.load(open(f"{fleet}/out/{site}/apps/{instance}.yaml"), Loader)
        text = subprocess.run([siteplan, "-C", fleet, "render", f"{site}/{instance}"], capture_output=True, text=True, check=True).stdout
        for sent in filter(None, yaml.load_all(text, Loader)):
            if not os.path.exists(f"{programs}/{sent['kind']}"):
                continue
            tried.add(sent["kind"])
            back = json.loads(through(sent["kind"], sent))
            ignored = application["spec"].get("ignoreDifferences", [])
            said = through("argocd-merge", {"sent": sent, "back": back, "ignoreDifferences": ignored})
            answer = json.loads(said) if said else {}
            left += bool(said)
            print("differs" if said else "equal  ", site, instance, sent["kind"], sent["metadata"]["name"], *differences(answer.get("wanted"), answer.get("there"), ".spec"), sep="  ")
print("kinds:", *sorted(tried))
sys.exit(1 if left else 0 if tried else 2)
