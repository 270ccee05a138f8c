//! Names of images.

/// Returns the image with its registry: names without one come from docker.io, single words from its library.
pub fn full_name(image: &str) -> String {
    let first = image.split_once('/').map(|(first, _)| first);
    match first {
        Some("index.docker.io" | "registry-1.docker.io") => {
            image.replacen(first.unwrap_or_default(), "docker.io", 1)
        }
        Some(registry) if registry.contains(['.', ':']) || registry == "localhost" => {
            image.to_owned()
        }
        Some(_) => format!("docker.io/{image}"),
        None => format!("docker.io/library/{image}"),
    }
}

/// Tells whether an entry, a registry or the first part of names, is of an image whose name is full.
pub fn covers_image(entry: &str, full: &str) -> bool {
    full.strip_prefix(entry.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@']))
}

/// Tells whether an image is another one tomorrow: neither a digest, nor a tag with a number.
pub fn floats(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    tag.is_none_or(|tag| !tag.bytes().any(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_registry_come_from_docker_hub() {
        assert_eq!(full_name("nginx:1"), "docker.io/library/nginx:1");
        assert_eq!(full_name("bitnami/nginx"), "docker.io/bitnami/nginx");
        assert_eq!(full_name("quay.io/a/b"), "quay.io/a/b");
        assert_eq!(full_name("registry:5000/a"), "registry:5000/a");
        assert_eq!(full_name("localhost/a"), "localhost/a");
        assert_eq!(
            full_name("index.docker.io/library/a"),
            "docker.io/library/a"
        );
    }

    #[test]
    fn tags_without_a_number_float() {
        for floating in ["a", "quay.io/a/b:latest", "registry:5000/a", "a:stable"] {
            assert!(floats(floating), "{floating}");
        }
        for fixed in [
            "quay.io/a/b:1.2",
            "a:v3",
            "a@sha256:00",
            "a:latest@sha256:00",
        ] {
            assert!(!floats(fixed), "{fixed}");
        }
    }
}
