//! Tables for people: columns as wide as their widest cell.

use super::say;

/// A table with a heading; an empty one prints its heading and "none".
pub(super) fn print(heading: &[&str], rows: &[Vec<String>]) {
    say(render(heading, rows));
}

fn render(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let mut widths = vec![0; heading.len()];
    for row in std::iter::once(&heading).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&heading)];
    lines.extend(rows.iter().map(line));
    if rows.is_empty() {
        lines.push("none".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["currency-api".to_owned(), "7".to_owned()],
            vec!["x".to_owned(), "12".to_owned()],
        ];
        assert_eq!(
            render(&["FUNCTION", "ERRORS"], &rows),
            "FUNCTION      ERRORS\ncurrency-api  7\nx             12\n"
        );
    }
}
