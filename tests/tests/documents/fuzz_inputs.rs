//! Every fuzz target over every input that is kept: real documents, and what fuzzing found.

use std::path::Path;

use tests::fuzz::TARGETS;

#[test]
fn every_kept_input_is_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    for (name, target) in TARGETS {
        let inputs = std::fs::read_dir(folder.join(name)).unwrap();
        let inputs: Vec<_> = inputs.map(|input| input.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "no inputs for {name}");
        for input in inputs {
            // The panic's message does not say which input it was.
            println!("{}", input.display());
            target(&std::fs::read(&input).unwrap());
        }
    }
}
