//! The chart: what the whole way costs an event, deltawire and the others, as bars on a logarithmic scale.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::{KeyPointHint, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::measure::{Role, Table};

/// A group of bars with its title, and the rows that go into it.
const GROUPS: [(&str, &str, &str, &str); 5] = [
    ("stack", "long stream", "65536-byte inputs", "bytes to message, long stream, 65,536-byte inputs"),
    ("stack", "long stream", "1460-byte inputs", "bytes to message, long stream, 1,460-byte inputs"),
    ("stack", "recorded", "1460-byte inputs", "bytes to message, recorded streams, all fresh, 1,460-byte inputs"),
    ("decode", "long stream", "", "event data to fields, long stream"),
    ("framing", "recorded", "1460-byte inputs", "bytes to events, recorded streams, 1,460-byte inputs"),
];

const BAR: i32 = 17;
const GAP: i32 = 44;
const LABELS: i32 = 340;
const WIDTH: i32 = 1000;

/// Draws the groups that were measured.
pub fn draw(file: &Path, tables: &[Table], machine: &[String]) -> Result<()> {
    let groups: Vec<_> = GROUPS
        .iter()
        .filter_map(|&(section, input, size, title)| {
            let found = tables
                .iter()
                .find(|table| table.section == section && table.input.starts_with(input) && table.size == size)?;
            Some((title, found))
        })
        .collect();
    if groups.is_empty() {
        return Err(anyhow!("nothing was measured that the chart shows"));
    }
    let rows: usize = groups.iter().map(|(_, table)| table.rows.len()).sum();
    let height = 70 + groups.len() as i32 * GAP + rows as i32 * BAR;
    let root = SVGBackend::new(file, (WIDTH as u32, height as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let dark = RGBColor(40, 40, 40);
    let font = |size: i32| ("sans-serif", size).into_font().color(&dark);
    root.draw_text("nanoseconds an event, logarithmic scale; × = times deltawire's time", &font(15), (12, 10))?;
    root.draw_text(&machine.join(" · "), &font(11), (12, 32))?;

    let times = || groups.iter().flat_map(|(_, table)| &table.rows).filter_map(|row| row.time.map(|time| time.median));
    let least = times().fold(f64::MAX, f64::min);
    let most = times().fold(1.0, f64::max);
    let scale = (least / 2.0..most * 4.0).log_scale();
    let scale: LogCoord<f64> = scale.into();
    let at = |nanoseconds: f64| scale.map(&nanoseconds, (LABELS, WIDTH - 20));
    let mut y = 56;
    for (title, table) in &groups {
        root.draw_text(title, &font(13), (12, y + 10))?;
        y += GAP - 14;
        for row in &table.rows {
            let Some(time) = row.time else { continue };
            let color = match row.role {
                Role::Deltawire => RGBColor(18, 120, 90),
                Role::Variant => RGBColor(120, 190, 165),
                Role::Peer => RGBColor(150, 160, 175),
                Role::Scan => RGBColor(225, 170, 80),
            };
            let end = at(time.median);
            root.draw(&Rectangle::new([(LABELS, y + 2), (end, y + BAR - 2)], color.filled()))?;
            let right = font(11).pos(Pos::new(HPos::Right, VPos::Center));
            root.draw_text(row.name, &right, (LABELS - 8, y + BAR / 2))?;
            let ratio = row.ratio.filter(|_| row.role != Role::Deltawire);
            let ratio = ratio.map_or_else(String::new, |ratio| format!("  {ratio:.1}×"));
            let left = font(11).pos(Pos::new(HPos::Left, VPos::Center));
            root.draw_text(&format!("{:.0}{ratio}", time.median), &left, (end + 5, y + BAR / 2))?;
            y += BAR;
        }
        y += 14;
    }
    for tick in scale.key_points(KeyTicks) {
        let x = at(tick);
        root.draw(&PathElement::new([(x, 56), (x, y)], RGBAColor(0, 0, 0, 0.10)))?;
        let center = font(10).pos(Pos::new(HPos::Center, VPos::Top));
        root.draw_text(&format!("{tick}"), &center, (x, y))?;
    }
    root.present()?;
    Ok(())
}

/// Powers of ten.
struct KeyTicks;

impl KeyPointHint for KeyTicks {
    fn max_num_points(&self) -> usize {
        6
    }
    fn weight(&self) -> plotters::coord::ranged1d::KeyPointWeight {
        plotters::coord::ranged1d::KeyPointWeight::Bold
    }
    fn bold_points(&self) -> usize {
        6
    }
}
