//! JSON with line ends, for people. The text itself is broken and indented, so every digit of a number stays as it is.

use serde::de::IgnoredAny;

/// The text with one member a line, if it is JSON.
pub(super) fn pretty(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let (mut out, mut depth, mut in_string, mut is_escaped) =
        (String::with_capacity(text.len() * 2), 0_usize, false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            (in_string, is_escaped) = match character {
                _ if is_escaped => (true, false),
                '\\' => (true, true),
                '"' => (false, false),
                _ => (true, false),
            };
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                out.push('"');
            }
            '{' | '[' => {
                out.push(character);
                while characters.peek().is_some_and(|next| next.is_whitespace()) {
                    characters.next();
                }
                if matches!(characters.peek(), Some('}' | ']')) {
                    out.extend(characters.next());
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            character if character.is_whitespace() => (),
            character => out.push(character),
        }
    }
    Some(out)
}

fn break_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn every_digit_and_every_text_stays() {
        let text = r#"{"rate": 1335.26673827425707,"a":[1.0,{ },[]], "t":"x, \"{y}\\","n":1e400}"#;
        let expected = "{\n  \"rate\": 1335.26673827425707,\n  \"a\": [\n    1.0,\n    {},\n    []\n  ],\n  \"t\": \"x, \\\"{y}\\\\\",\n  \"n\": 1e400\n}";
        assert_eq!(pretty(text).as_deref(), Some(expected));
        assert_eq!(pretty("{"), None);
    }
}
