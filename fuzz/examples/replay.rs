//! Runs the body of a target over folders of inputs, without libFuzzer: `replay TARGET FOLDER...`. `../coverage.sh` calls this.

#[path = "../bodies/mod.rs"]
mod bodies;

use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().expect("usage: replay TARGET FOLDER...");
    let run: fn(&[u8]) = match target.as_str() {
        "frame" => bodies::frame::run,
        "decode" => bodies::decode::run,
        "shape" => bodies::shape::run,
        "assemble" => bodies::assemble::run,
        "arguments" => bodies::arguments::run,
        "pipeline" => bodies::pipeline::run,
        "encode" => bodies::encode::run,
        other => panic!("no target {other}"),
    };
    for folder in arguments {
        let Ok(entries) = std::fs::read_dir(Path::new(&folder)) else { continue };
        for entry in entries {
            let input = std::fs::read(entry.expect("a readable folder").path()).expect("a readable file");
            run(&input);
        }
    }
}
