//! Spreading a parcel over symbols, any sufficient number of which give it back (RaptorQ, RFC 6330):
//! one source block, one sub-block.

use raptorq::{
    EncodingPacket, ObjectTransmissionInformation, PayloadId, SourceBlockDecoder,
    SourceBlockEncoder,
};
use sogon_wire::bundle::{PARCEL_BYTES_MAX, ParcelName, SYMBOL_BYTES, Symbol};

use crate::EngineError;

/// Symbols are handled in units of so many bytes, of which their sizes are multiples.
const ALIGNMENT: u8 = 8;

/// The first `count` symbols of a parcel: those it consists of, and then those that mend.
pub(crate) fn spread(
    bytes: &[u8],
    name: ParcelName,
    count: u32,
) -> Result<Vec<Symbol>, EngineError> {
    let config = config(name).ok_or(EngineError::TooLarge)?;
    let source = name.symbols();
    let whole = usize::try_from(source).unwrap_or(usize::MAX).saturating_mul(name.symbol_bytes);
    let mut padded = bytes.to_vec();
    padded.resize(whole, 0);
    let encoder = SourceBlockEncoder::new(0, &config, &padded);
    let mut packets = encoder.source_packets();
    packets.extend(encoder.repair_packets(0, count.saturating_sub(source)));
    let symbols = packets.into_iter().map(|packet| {
        let (place, bytes) = packet.split();
        Symbol { parcel: name, place: place.encoding_symbol_id(), bytes }
    });
    Ok(symbols.collect())
}

/// The parcel, if these symbols of it are enough and it is what its name says.
pub(crate) fn gather(name: ParcelName, symbols: Vec<Symbol>) -> Option<Vec<u8>> {
    let config = config(name)?;
    let count = symbols.len();
    if u32::try_from(count).is_ok_and(|count| count < name.symbols()) {
        return None;
    }
    let mut decoder = SourceBlockDecoder::new(0, &config, u64::from(name.bytes));
    let fits = symbols
        .into_iter()
        .filter(|symbol| symbol.parcel == name && symbol.bytes.len() == name.symbol_bytes);
    let packets =
        fits.map(|symbol| EncodingPacket::new(PayloadId::new(0, symbol.place), symbol.bytes));
    let mut bytes = decoder.decode(packets)?;
    bytes.truncate(usize::try_from(name.bytes).ok()?);
    name.is_of(&bytes).then_some(bytes)
}

fn config(name: ParcelName) -> Option<ObjectTransmissionInformation> {
    let sound =
        (1..=PARCEL_BYTES_MAX).contains(&name.bytes) && SYMBOL_BYTES.contains(&name.symbol_bytes);
    let size = u16::try_from(name.symbol_bytes).ok().filter(|_| sound)?;
    Some(ObjectTransmissionInformation::new(u64::from(name.bytes), size, 1, 1, ALIGNMENT))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Some(state.to_le_bytes()[0])
        };
        std::iter::from_fn(next).take(length).collect()
    }

    #[test]
    fn any_sufficient_symbols_in_any_order_give_the_parcel_back() {
        for (length, size) in [(1, 976), (976, 976), (977, 976), (40_000, 304), (300_000, 976)] {
            let bytes = noise(length);
            let name = ParcelName::of(&bytes, size).unwrap();
            let source = name.symbols();
            let mut symbols = spread(&bytes, name, source * 2 + 10).unwrap();
            assert_eq!(symbols.len(), (source * 2 + 10) as usize);
            assert_eq!(gather(name, symbols[..source as usize - 1].to_vec()), None);
            symbols.reverse();
            let two_more: Vec<_> = symbols.iter().take(source as usize + 2).cloned().collect();
            assert_eq!(gather(name, two_more).as_ref(), Some(&bytes), "{length}");
            // One that comes again is no new one.
            let again: Vec<_> = vec![symbols[0].clone(); source as usize + 2];
            assert!(source == 1 || gather(name, again).is_none());
        }
    }

    #[test]
    fn what_is_not_what_its_name_says_is_nothing() {
        let bytes = noise(5_000);
        let name = ParcelName::of(&bytes, 976).unwrap();
        let mut symbols = spread(&bytes, name, 6).unwrap();
        symbols[0].bytes[3] ^= 1;
        assert_eq!(gather(name, symbols), None);
        let none = ParcelName { bytes: 0, ..name };
        assert_eq!(gather(none, Vec::new()), None);
        let odd = ParcelName { symbol_bytes: 7, ..name };
        assert_eq!(gather(odd, Vec::new()), None);
    }
}
