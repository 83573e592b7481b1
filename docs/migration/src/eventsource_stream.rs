//! From eventsource-stream: one `use`, then no events at all.

use crate::{Read, Result};

/// The data of every event.
pub mod before {
    use crate::Result;
    use eventsource_stream::Eventsource;
    use futures_util::StreamExt;

    pub async fn events(response: reqwest::Response) -> Result<Vec<String>> {
        let mut data = Vec::new();
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            data.push(event?.data);
        }
        Ok(data)
    }
}

pub mod after {
    use crate::Result;
    use deltawire::eventsource::Eventsource;
    use futures_util::StreamExt;

    pub async fn events(response: reqwest::Response) -> Result<Vec<String>> {
        let mut data = Vec::new();
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            data.push(event?.data);
        }
        Ok(data)
    }
}

/// Owned events, which copy less.
pub async fn owned(response: reqwest::Response) -> Result<usize> {
    use deltawire::ByteStreamExt;

    let mut length = 0;
    let mut events = response.bytes_stream().events();
    while let Some(event) = events.next().await {
        length += event?.data().len();
    }
    Ok(length)
}

/// And without the events.
pub async fn chat(response: reqwest::Response) -> Result<Read> {
    use deltawire::{ByteStreamExt, Update};

    let mut updates = response.bytes_stream().chat();
    while let Some(update) = updates.next().await {
        if let Update::Text { text, .. } = update? {
            print!("{text}");
        }
    }
    let completion = updates.into_completion();
    Ok(completion.into())
}
