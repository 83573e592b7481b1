//! The quirk table in docs/QUIRKS.md says what the cases do: every number is there, every case is in it, and the anomaly codes
//! of a row are those of its cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use deltawire::ChatStream;

fn codes(name: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/quirks/{name}.body"));
    let body = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut chat = ChatStream::new();
    chat.feed(&body, |_| {}).expect("within the limits");
    chat.finish().anomalies.iter().map(|anomaly| anomaly.code.as_str().to_owned()).collect()
}

fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quirks");
    let names = std::fs::read_dir(folder).expect("tests/quirks");
    names.filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".body")?.to_owned())).collect()
}

/// What stands in backquotes.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_is_true() {
    let table =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/QUIRKS.md")).expect("the table");
    let mut rows: BTreeMap<u32, &str> = BTreeMap::new();
    let mut shown = BTreeSet::new();
    for line in table.lines() {
        // A `|` inside a cell is written `\|`.
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some(number) = cells.first().and_then(|cell| cell.parse().ok()) else { continue };
        assert_eq!(cells.len(), 5, "{line}");
        assert!(rows.insert(number, line).is_none(), "{number} twice");
        let cases = quoted(cells[4]);
        let found: BTreeSet<String> = cases.iter().flat_map(|name| codes(name)).collect();
        assert_eq!(quoted(cells[3]), found, "the anomalies of row {number}");
        assert!(!cases.is_empty(), "row {number} has nothing to show for it");
        shown.extend(cases);
    }
    assert!((1..=107).eq(rows.keys().copied()), "a number is missing");
    let missing: Vec<_> = names().difference(&shown).cloned().collect();
    assert!(missing.is_empty(), "cases in no row: {missing:?}");
}
