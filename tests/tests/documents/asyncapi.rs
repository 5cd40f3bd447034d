//! `docs/asyncapi.yaml` says what the payload types say. To make it again: `HWANYUL_WRITE_DOCS=1 ./tests/run asyncapi`.

#[test]
fn the_document_is_what_the_types_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/asyncapi.yaml");
    let document = tests::asyncapi::document();
    if std::env::var_os("HWANYUL_WRITE_DOCS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == document,
        "docs/asyncapi.yaml is out of date: see the head of this test"
    );
    for wanted in [
        "new_data_received",
        "partitions: 3",
        "exclusiveMinimum: 0",
        "tts",
        "correlation-id",
    ] {
        assert!(document.contains(wanted), "{wanted}");
    }
}
