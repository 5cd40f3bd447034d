//! The ECB's own XML: a `gesmes` envelope with one `Cube` for each day.

use std::fmt::Write as _;

use super::Day;

/// How far back `eurofxref-hist-90d.xml` goes, in calendar days.
pub(super) const NINETY_DAYS: i64 = 90;

/// `eurofxref-daily.xml` for one day, `eurofxref-hist-90d.xml` for several.
pub(super) fn document<'a>(days: impl Iterator<Item = &'a Day>) -> String {
    let mut text = String::from(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender>
		<gesmes:name>European Central Bank</gesmes:name>
	</gesmes:Sender>
	<Cube>
"#,
    );
    for day in days {
        text.push_str(&cube(day));
    }
    text.push_str("\t</Cube>\n</gesmes:Envelope>\n");
    text
}

fn cube(day: &Day) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let written = writeln!(text, "\t\t<Cube time='{}'>", day.date).and_then(|()| {
        day.rates
            .iter()
            .try_for_each(|(code, rate)| writeln!(text, "\t\t\t<Cube currency='{code}' rate='{rate}'/>"))
    });
    debug_assert!(written.is_ok());
    text.push_str("\t\t</Cube>\n");
    text
}
