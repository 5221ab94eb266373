//! Codes for cameras, as squares the page draws.

use qrcode::{Color, EcLevel, QrCode};
use serde_json::{Value, json};

/// `{"size", "rows"}`: each row a string of 0 and 1; null for what does not fit.
pub(crate) fn squares(text: &str) -> Value {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return Value::Null;
    };
    let size = code.width();
    let colors = code.to_colors();
    let rows: Vec<String> = colors
        .chunks(size.max(1))
        .map(|row| row.iter().map(|c| if *c == Color::Dark { '1' } else { '0' }).collect())
        .collect();
    json!({ "size": size, "rows": rows })
}
