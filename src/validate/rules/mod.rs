//! The rules over a site's output, a file each.
//!
//! `BLESS=1 cargo test --locked rules::` writes this list from the folder.

pub(super) mod api_not_in_hosted_cluster;
pub(super) mod application_applied_server_side;
pub(super) mod crd_after_resource;
pub(super) mod crd_not_on_site;
pub(super) mod data_key_missing;
pub(super) mod dry_run_not_skipped;
pub(super) mod health_unknown;
pub(super) mod hook_with_finalizer;
pub(super) mod image_not_allowed;
pub(super) mod image_tag_floats;
pub(super) mod kind_not_possible;
pub(super) mod kind_without_definition;
pub(super) mod kustomize_out_of_reach;
pub(super) mod malformed_project;
pub(super) mod name_too_long;
pub(super) mod namespace_not_made;
pub(super) mod namespace_not_set;
pub(super) mod namespace_of_platform;
pub(super) mod no_default_class;
pub(super) mod not_to_schema;
pub(super) mod object_too_large;
pub(super) mod override_file;
pub(super) mod package_without_operands;
pub(super) mod path_not_portable;
pub(super) mod pin_not_a_commit;
pub(super) mod policy_not_evaluated;
pub(super) mod policy_refuses;
pub(super) mod policy_warns;
pub(super) mod port_not_declared;
pub(super) mod project_after_application;
pub(super) mod project_forbids;
pub(super) mod project_too_wide;
pub(super) mod root_pinned;
pub(super) mod secret_in_output;
pub(super) mod selects_nothing;
pub(super) mod service_without_pods;
pub(super) mod shared_application_name;
pub(super) mod shared_resource;
pub(super) mod source_path_missing;
pub(super) mod spec_not_normal;
pub(super) mod sync_option_too_new;
pub(super) mod two_operator_groups;
pub(super) mod unclear_destination;
pub(super) mod unknown_argocd_version;
pub(super) mod unknown_cluster_version;
pub(super) mod unknown_port;
pub(super) mod unknown_reference;
pub(super) mod unknown_sync_option;
pub(super) mod value_not_canonical;
pub(super) mod wave_not_integer;
pub(super) mod waves_not_gated;

use super::CheckedRule;

/// Every rule of this folder, sorted by code.
pub(super) const REGISTRY: &[&CheckedRule] = &[
    &api_not_in_hosted_cluster::RULE,
    &application_applied_server_side::RULE,
    &crd_after_resource::RULE,
    &crd_not_on_site::RULE,
    &data_key_missing::RULE,
    &dry_run_not_skipped::RULE,
    &health_unknown::RULE,
    &hook_with_finalizer::RULE,
    &image_not_allowed::RULE,
    &image_tag_floats::RULE,
    &kind_not_possible::RULE,
    &kind_without_definition::RULE,
    &kustomize_out_of_reach::RULE,
    &malformed_project::RULE,
    &name_too_long::RULE,
    &namespace_not_made::RULE,
    &namespace_not_set::RULE,
    &namespace_of_platform::RULE,
    &no_default_class::RULE,
    &not_to_schema::RULE,
    &object_too_large::RULE,
    &override_file::RULE,
    &package_without_operands::RULE,
    &path_not_portable::RULE,
    &pin_not_a_commit::RULE,
    &policy_not_evaluated::RULE,
    &policy_refuses::RULE,
    &policy_warns::RULE,
    &port_not_declared::RULE,
    &project_after_application::RULE,
    &project_forbids::RULE,
    &project_too_wide::RULE,
    &root_pinned::RULE,
    &secret_in_output::RULE,
    &selects_nothing::RULE,
    &service_without_pods::RULE,
    &shared_application_name::RULE,
    &shared_resource::RULE,
    &source_path_missing::RULE,
    &spec_not_normal::RULE,
    &sync_option_too_new::RULE,
    &two_operator_groups::RULE,
    &unclear_destination::RULE,
    &unknown_argocd_version::RULE,
    &unknown_cluster_version::RULE,
    &unknown_port::RULE,
    &unknown_reference::RULE,
    &unknown_sync_option::RULE,
    &value_not_canonical::RULE,
    &wave_not_integer::RULE,
    &waves_not_gated::RULE,
];
