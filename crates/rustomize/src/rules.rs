//! The problems that rendering reports. One line a rule, sorted by code; the explanation is the page `docs/rules/<code>.md`.

pointer_diagnostics::rules! {
    AMBIGUOUS_REFERENCE = "ambiguous-reference", Error, "a name could mean several objects";
    DEPRECATED_KUSTOMIZATION_FIELD = "deprecated-kustomization-field", Warning, "a kustomization uses a field that kustomize calls deprecated";
    DUPLICATE_RESOURCE = "duplicate-resource", Error, "the same object is there twice in a build";
    GENERATOR_CONFLICT = "generator-conflict", Error, "a generator of a ConfigMap or Secret cannot do what it asks for";
    KUSTOMIZATION_FIELD = "kustomization-field", Error, "a field of a kustomization is unknown or of the wrong type";
    KUSTOMIZATION_TOO_LARGE = "kustomization-too-large", Error, "a kustomization would make more than a build may have";
    KUSTOMIZE_CYCLE = "kustomize-cycle", Error, "a kustomization uses a directory that contains it";
    MALFORMED_RESOURCE = "malformed-resource", Error, "a resource file holds something that is not an object";
    MISSING_KUSTOMIZE_FILE = "missing-kustomize-file", Error, "a kustomization names something that is not there";
    OBJECT_LEFT_OUT = "object-left-out", Warning, "an object is for the build alone, and nothing in the build reads it";
    OUTSIDE_KUSTOMIZE_ROOT = "outside-kustomize-root", Error, "a kustomization names a file outside its directory";
    PATCH_DOES_NOT_APPLY = "patch-does-not-apply", Error, "a patch does not fit the object that it is for";
    PATCH_NOT_READABLE = "patch-not-readable", Error, "a patch is neither an object nor a list of operations";
    PATCH_TARGET_MISSING = "patch-target-missing", Error, "a patch is for an object that is not there";
    REPLACEMENT_DOES_NOT_APPLY = "replacement-does-not-apply", Error, "a replacement has no source or no field to go to";
    UNPRINTABLE_RESOURCE = "unprintable-resource", Error, "an object holds something that kustomize cannot print";
    UNSUPPORTED_KUSTOMIZATION = "unsupported-kustomization", Error, "a kustomization uses a feature that is refused";
}
