#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sogon_lab::prey::engine_carried(bytes));
