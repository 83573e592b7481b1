//! The code in the documents is code that is compiled and run: each block stands, line by line, in a program that a test
//! runs. (The README's first block is a doctest, its second the example `quick_start`, which `tests/integration` runs.)

/// The blocks of a document that begin with this fence.
fn blocks<'a>(document: &'a str, fence: &str) -> Vec<&'a str> {
    document.split(fence).skip(1).map(|rest| rest.split("\n```").next().expect("a block")).collect()
}

/// The lines of a text without their indentation.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn stands_in(block: &str, program: &str) -> bool {
    let (block, program) = (lines(block), lines(program));
    !block.is_empty() && program.windows(block.len()).any(|window| window == block)
}

#[test]
fn the_migration_guides_blocks_are_parts_of_its_programs() {
    let programs = [
        include_str!("../docs/migration/src/async_openai.rs"),
        include_str!("../docs/migration/src/eventsource_stream.rs"),
        include_str!("../docs/migration/src/reqwest_eventsource.rs"),
    ];
    let blocks = blocks(include_str!("../docs/MIGRATION.md"), "```rust\n");
    assert!(blocks.len() >= 5, "{}", blocks.len());
    for block in blocks {
        assert!(programs.iter().any(|program| stands_in(block, program)), "in no program:\n{block}");
    }
}

#[test]
fn the_commands_block_is_part_of_a_test() {
    let blocks = blocks(include_str!("../docs/COMMAND.md"), "```rust\n");
    let [block] = &blocks[..] else { panic!("{blocks:?}") };
    let block = block.replace("\"deltawire\"", "DELTAWIRE").replace("\"recording.yaml\"", "KIMI");
    assert!(stands_in(&block, include_str!("serve.rs")), "{block}");
}

#[test]
fn every_rust_block_is_held_to_one_of_these() {
    for (name, document, doctests) in [
        ("README.md", include_str!("../README.md"), 1),
        ("ARCHITECTURE.md", include_str!("../ARCHITECTURE.md"), 0),
        ("CONTRIBUTING.md", include_str!("../CONTRIBUTING.md"), 0),
        ("SECURITY.md", include_str!("../SECURITY.md"), 0),
        ("docs/RULES.md", include_str!("../docs/RULES.md"), 0),
        ("docs/QUIRKS.md", include_str!("../docs/QUIRKS.md"), 0),
        ("docs/BENCHMARKS.md", include_str!("../docs/BENCHMARKS.md"), 0),
    ] {
        assert_eq!(blocks(document, "```rust\n").len(), doctests, "{name}");
    }
    assert_eq!(blocks(include_str!("../README.md"), "```rust,ignore\n").len(), 1, "the example");
}
