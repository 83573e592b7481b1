//! Recorded conversations: go-vcr v2 cassettes, as the tests and benches read them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One request and the response that came.
#[derive(Debug, Clone, Deserialize)]
pub struct Interaction {
    pub request: Request,
    pub response: Response,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    pub body: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Response {
    pub body: String,
}

/// A file of interactions, in the order of the conversation.
#[derive(Debug, Clone, Deserialize)]
pub struct Cassette {
    #[serde(skip)]
    pub name: String,
    pub interactions: Vec<Interaction>,
}

/// The recordings that belong to the project.
pub fn seeds() -> Vec<Cassette> {
    read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings"))
}

/// The recordings under the folder that `DELTAWIRE_RECORDINGS` names, if it names one.
pub fn more() -> Option<Vec<Cassette>> {
    let folder = std::env::var_os("DELTAWIRE_RECORDINGS").filter(|folder| !folder.is_empty())?;
    Some(read_folder(Path::new(&folder)))
}

/// Every response body there is: its name (file and interaction) and its bytes.
pub fn bodies() -> Vec<(String, Vec<u8>)> {
    bodies_of(seeds().into_iter().chain(more().unwrap_or_default()).collect())
}

/// The response bodies of these cassettes.
pub fn bodies_of(cassettes: Vec<Cassette>) -> Vec<(String, Vec<u8>)> {
    let mut bodies = Vec::new();
    for cassette in cassettes {
        for (i, one) in cassette.interactions.into_iter().enumerate() {
            bodies.push((format!("{}#{i}", cassette.name), one.response.body.into_bytes()));
        }
    }
    bodies
}

fn read_folder(folder: &Path) -> Vec<Cassette> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no recordings in {}", folder.display());
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Cassette {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut cassette: Cassette =
        serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    cassette.name = path.file_stem().expect("a file name").to_string_lossy().into_owned();
    cassette
}
