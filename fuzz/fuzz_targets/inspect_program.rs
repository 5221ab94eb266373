#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sogon_lab::prey::inspect_program(bytes));
