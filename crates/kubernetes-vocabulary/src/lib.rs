//! The small types of Kubernetes, exactly as its API server reads them.
//!
//! ```
//! use kubernetes_vocabulary::Quantity;
//!
//! let request = Quantity::parse("1.5Gi").unwrap();
//! assert!(request < Quantity::parse("2G").unwrap());
//! ```

#![forbid(unsafe_code)]

mod quantity;
mod scope;
mod taint;

pub use quantity::{Quantity, QuantityError};
pub use scope::ResourceScope;
pub use taint::{Taint, TaintEffect};
