//! One JSON document: a cursor that knows the grammar, strings, numbers, the table that a scan fills, and the scan itself,
//! which a schema guides. Nothing here knows a field's name.

pub(crate) mod cursor;
pub(crate) mod incremental;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod shape;
pub(crate) mod string;
pub(crate) mod table;
pub(crate) mod token;
