//! Containers of a home.

use super::Seeds;

impl Seeds {
    pub(crate) fn containers(&mut self) {
        for (name, end) in [("closed", 0), ("killed", 1)] {
            self.add("vault_container", name, [end]);
            for sector in (0..24).step_by(2) {
                self.add(
                    "vault_container",
                    format!("{name}-flip-{sector}"),
                    [end, 0, 0, sector, 0, 40, 3],
                );
            }
            for sector in [0, 1, 2, 9, 10, 11, 12, 14, 20] {
                for (what, act) in [("filled", 2), ("torn", 3), ("swapped", 4), ("older", 5)] {
                    let script = [end, act, 0, sector, 2, 0, 0, 0];
                    self.add("vault_container", format!("{name}-{what}-{sector}"), script);
                }
            }
            for (what, cut) in [("all", 0_u16), ("head", 9 * 64), ("half", 32_768), ("bit", 65_000)]
            {
                let [high, low] = cut.to_be_bytes();
                self.add(
                    "vault_container",
                    format!("{name}-cut-{what}"),
                    [end, 6, 0, 0, high, low],
                );
            }
            let both: Vec<u8> = (1..9).flat_map(|sector| [2, 0, sector, 0]).collect();
            self.add(
                "vault_container",
                format!("{name}-no-key-blocks"),
                [&[end], both.as_slice()].concat(),
            );
        }
    }
}
