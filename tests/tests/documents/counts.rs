//! Numbers that documents say of the template are the template's.

use std::fs;

use regex_lite::Regex;
use tests::checkout::project;
use tests::contract::Document;
use tests::documents::documents;

use crate::text::at;

#[test]
fn documents_count_the_functions_of_the_template() {
    let count = Document::load(&project().join("template.yaml")).functions().len();
    let number = Regex::new(r"\b([0-9]{2,}) functions\b").unwrap();
    let mut found = 0;
    for document in documents() {
        let text = fs::read_to_string(project().join(&document)).unwrap();
        for claim in number.captures_iter(&text) {
            found += 1;
            assert_eq!(
                claim[1],
                count.to_string(),
                "{}",
                at(&document, &text, claim.get(0).unwrap().start())
            );
        }
    }
    assert!(found > 0, "no document says how many functions there are");
}
