use super::*;

const ALL: [Format; 3] = [Format::Json, Format::Csv, Format::Ndjson];

fn of(lists: &[&str]) -> Option<Format> {
    let mut headers = HeaderMap::new();
    for list in lists {
        headers.append(header::ACCEPT, list.parse().unwrap());
    }
    preferred(&headers, &ALL)
}

#[test]
fn the_highest_quality_wins_and_the_most_exact_range_tells_it() {
    use Format::{Csv, Json, Ndjson};
    for (accept, format) in [
        ("application/json", Some(Json)),
        ("text/csv", Some(Csv)),
        ("application/x-ndjson", Some(Ndjson)),
        ("TEXT/CSV", Some(Csv)),
        ("*/*", Some(Json)),
        ("application/*", Some(Json)),
        ("text/*", Some(Csv)),
        ("text/csv;q=0.1, application/json", Some(Json)),
        ("text/csv;q=0.1,application/json;q=0.05", Some(Csv)),
        ("text/csv ; q=0.8 , */*;q=0.9", Some(Json)),
        ("text/csv;q=0.9, */*;q=0.8", Some(Csv)),
        ("text/html, text/csv;q=0.9", Some(Csv)),
        ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
        // Of equals the named one, then the first.
        ("*/*, text/csv", Some(Csv)),
        ("text/csv, application/json", Some(Csv)),
        ("application/json, text/csv", Some(Json)),
        ("application/x-ndjson, text/csv;q=1.000", Some(Ndjson)),
        // Not welcome at all.
        ("application/json;q=0, */*", Some(Csv)),
        ("application/json;q=0, text/csv;q=0.000, */*;q=0.1", Some(Ndjson)),
        ("text/csv;q=0", None),
        ("*/*;q=0", None),
        ("application/*;q=0, */*;q=0.5", Some(Csv)),
        ("application/*;q=0.2, application/x-ndjson;q=0.3", Some(Ndjson)),
        // Parameters, also quoted ones with a comma or a semicolon in them.
        ("text/csv; charset=utf-8; header=present", Some(Csv)),
        ("text/csv;Q=0.1, application/json;q=0.2", Some(Json)),
        (
            r#"text/html;note="a, text/csv;q=1", application/x-ndjson;q=0.1"#,
            Some(Ndjson),
        ),
        (r#"text/csv;note="a\";q=0";q=0.4, application/json;q=0.3"#, Some(Csv)),
        (
            "text/csv;header=present;q=0.9, text/csv;q=0.1, application/json;q=0.5",
            Some(Csv),
        ),
        // What is there not.
        ("text/html", None),
        ("application/xml;q=0.9, image/*", None),
        ("", None),
    ] {
        assert_eq!(of(&[accept]), format, "{accept}");
    }
    assert_eq!(of(&[]), None);
    assert_eq!(of(&["text/csv;q=0.2", "application/x-ndjson;q=0.3"]), Some(Ndjson));
}

#[test]
fn what_is_no_media_range_counts_for_nothing() {
    for broken in [
        "text",
        "text/",
        "/csv",
        "*/csv",
        "*",
        "text /csv",
        "text/csv;q",
        "text/csv;q=",
        "text/csv;q=2",
        "text/csv;q=1.1",
        "text/csv;q=-1",
        "text/csv;q=+1",
        "text/csv;q=.5",
        "text/csv;q=0.0001",
        "text/csv;q=1e0",
        "text/csv;q=0,5",
        "text/csv;q=\"1\"",
        "text/csv/x",
    ] {
        assert_eq!(of(&[broken]), None, "{broken}");
        assert_eq!(
            of(&[&format!("{broken}, application/json;q=0.1")]),
            Some(Format::Json),
            "{broken}"
        );
    }
}
