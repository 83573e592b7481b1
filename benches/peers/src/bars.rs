//! What deltawire promises itself, as ratios within one run. A bar knows what it needs; what was reached comes from the
//! tables.

use std::fmt;

#[derive(Clone, Copy, Debug)]
pub enum Need {
    AtLeast(f64),
    AtMost(f64),
    MoreThan(f64),
}

impl Need {
    fn met(self, got: f64) -> bool {
        match self {
            Self::AtLeast(need) => got >= need,
            Self::AtMost(need) => got <= need,
            Self::MoreThan(need) => got > need,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(need) => write!(f, "≥ {need}"),
            Self::AtMost(need) => write!(f, "≤ {need}"),
            Self::MoreThan(need) => write!(f, "> {need}"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Bar {
    pub what: String,
    pub need: Need,
    pub unit: &'static str,
    /// What was measured; `None` when it could not be.
    pub got: Option<f64>,
    /// An aim beyond the bar.
    pub aim: Option<Need>,
    /// Only an aim, not promised: it is not counted.
    pub is_aim: bool,
}

impl Bar {
    /// A bar on a ratio.
    pub fn ratio(what: impl Into<String>, need: Need, got: Option<f64>) -> Self {
        Self { what: what.into(), need, unit: "x", got, aim: None, is_aim: false }
    }

    pub fn aim(self, aim: Need) -> Self {
        Self { aim: Some(aim), ..self }
    }

    pub fn reached(&self) -> bool {
        self.got.is_some_and(|got| self.need.met(got))
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, need, unit, .. } = self;
        let word = if self.is_aim { "aim" } else { "bar" };
        let Some(got) = self.got else { return write!(f, "{what}: {word} {need}{unit}: NOT MEASURED") };
        let verdict = match (self.reached(), self.is_aim) {
            (true, _) => "reached",
            (false, true) => "not yet",
            (false, false) => "MISSED",
        };
        let shown = if *unit == "x" { format!("{got:.2}") } else { format!("{got:.0}") };
        write!(f, "{what}: {word} {need}{unit}: {shown}{unit} {verdict}")?;
        if let Some(aim) = self.aim {
            let verdict = if aim.met(got) { "reached" } else { "not yet" };
            write!(f, " (aim {aim}{unit}: {verdict})")?;
        }
        Ok(())
    }
}
