//! Work is linear: steps are counted, no clock is read.

use alloc::vec::Vec;

use super::Framer;

/// Bytes searched for line ends per byte of the stream, and the events that came.
fn steps<'a>(stream: impl IntoIterator<Item = &'a [u8]>) -> (f64, usize) {
    let mut framer = Framer::new();
    let mut events = 0;
    for mut input in stream {
        while let Some(event) = framer.next(&mut input) {
            event.expect("nothing is over a limit");
            events += 1;
        }
    }
    (framer.steps as f64 / framer.offset() as f64, events)
}

fn line(bytes: usize) -> Vec<u8> {
    [&b"data: "[..], &alloc::vec![b'x'; bytes], b"\n\n"].concat()
}

/// At most two steps a byte; the searches count, and what goes byte by byte (a name, a blank line) is once a byte.
#[test]
fn each_byte_is_looked_at_at_most_twice() {
    let one = line(64 << 10);
    let check = |name: &str, (steps, events): (f64, usize), expected: usize| {
        assert_eq!(events, expected, "{name}");
        assert!(steps > 0.0 && steps <= 1.0, "{name}: {steps} searched per byte");
    };
    check("a 64 KiB line, bytewise", steps(one.chunks(1)), 1);
    check("an 8 MiB line in 1460-byte inputs", steps(line(8 << 20).chunks(1460)), 1);
    check("100,000 events in one input", steps([&line(12).repeat(100_000)[..]]), 100_000);
    let lines = [b"data: x\n".repeat(200_000), b"\n".to_vec()].concat();
    check("200,000 data lines in one event", steps([&lines[..]]), 1);
    check("200,000 data lines, bytewise", steps(lines.chunks(1)), 1);
    // The same with CR, of which a search for LF alone would look at the whole rest each time.
    let lines: Vec<u8> = lines.iter().map(|&byte| if byte == b'\n' { b'\r' } else { byte }).collect();
    check("200,000 data lines that end in CR", steps([&lines[..]]), 1);
    check("100,000 comments", steps([&b":\n".repeat(100_000)[..]]), 0);
}

/// Longer inputs are looked at in goes (here of 1000 bytes); what comes out is that of any other pieces.
#[test]
fn a_long_input_is_like_its_pieces() {
    let mut stream = Vec::new();
    for n in 0..400 {
        stream.extend_from_slice(&[&b"event: e"[..], &alloc::vec![b'y'; n % 13], b"\ndata: "].concat());
        stream.extend_from_slice(&alloc::vec![b'x'; n * 37 % 900]);
        stream.extend_from_slice(if n % 3 == 0 { b"\r\n\r\n" } else { b"\ndata: z\n\n" });
    }
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut framer, mut all) = (Framer::new(), Vec::new());
        for mut input in pieces {
            while let Some(event) = framer.next(&mut input) {
                let event = event.expect("nothing is over a limit");
                all.push((event.event_type().to_vec(), event.data().to_vec(), event.span()));
            }
        }
        all
    };
    let whole = read(&mut [&stream[..]].into_iter());
    assert_eq!(whole.len(), 400);
    assert_eq!(whole, read(&mut stream.chunks(1)));
}
