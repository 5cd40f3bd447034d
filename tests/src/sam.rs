//! What `sam build` has made of the template: a folder for each function, with the bootstrap that is deployed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::checkout::project;
use crate::contract::{Document, Function};
use crate::rie::Bootstrap;

/// Where `./tests/sam-build` builds.
fn folder() -> PathBuf {
    project().join("target/sam/build")
}

/// The functions of the template, each with the bootstrap that was built for it.
///
/// # Panics
/// When `sam build` has not run, ran on another template, or made anything else than a program for arm64.
#[must_use]
pub fn built() -> Vec<(Function, Bootstrap)> {
    let template = folder().join("template.yaml");
    assert!(
        template.exists(),
        "{} is missing: sam build has not run; ./tests/sam-build runs it, and so does ./tests/run",
        template.display()
    );
    let built = Document::load(&template);
    let functions = Document::load(&project().join("template.yaml")).functions();
    let binaries = |functions: &[Function]| -> BTreeSet<(String, String)> {
        let pairs = functions.iter();
        pairs
            .map(|function| (function.id.clone(), function.binary.clone()))
            .collect()
    };
    assert_eq!(
        binaries(&functions),
        binaries(&built.functions()),
        "sam build ran on another template; ./tests/sam-build runs it again"
    );
    let with_bootstrap = |function: Function| {
        let code = &built.0["Resources"][&function.id]["Properties"]["CodeUri"];
        let code = code.as_str().unwrap_or_else(|| panic!("{}: no CodeUri", function.id));
        let path = folder().join(code).join("bootstrap");
        let bootstrap = Bootstrap::of_arm64(&function.name, path);
        (function, bootstrap)
    };
    functions.into_iter().map(with_bootstrap).collect()
}
