//! Which raw findings are one defect.
//!
//! In: claims (text and places). Out: clusters, the pairs that may be the same, and the reason for each merge.
//! Never looks at severities or reviewers' names: only whether two claims come from one reviewer counts.

mod bags;
mod candidates;
mod claim;
mod clusters;
mod concepts;
mod features;
mod files;
mod pair;
mod stems;
mod surroundings;
mod weights;
mod words;

pub use claim::Claim;
pub(crate) use claim::Place;
pub use clusters::{Clustering, MaybeSame, cluster, cluster_known};
pub(crate) use features::same_file;
pub use features::{FEATURES, Features};
pub use pair::{MARGIN, THRESHOLD, because, compare};
pub use surroundings::in_context;
pub use words::normal_form;
