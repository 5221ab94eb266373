//! Telling of wrong passphrases, when the home was opened and when there is more room in it.

use sogon_engine::Input;

use super::Keeper;
use crate::{
    footprints::{self, Telling},
    tries::Met,
    trouble::Trouble,
};

impl Keeper {
    /// Tells of wrong passphrases at the closed home. What cannot be stored stays where it is, to be
    /// told when there is more room or the home is opened again, and keeps nobody out.
    pub(super) fn tell_tried(&mut self) {
        let fault = self.fault.borrow().clone();
        if self.tell_each().is_err() {
            self.fault.send_replace(fault);
        }
    }

    /// Makes the home larger, and tells what it had no room for.
    pub(super) fn grow(&mut self, mib: u32) -> Result<(), Trouble> {
        self.vault.grow(mib)?;
        self.tell_tried();
        Ok(())
    }

    fn tell_each(&mut self) -> Result<(), Trouble> {
        for Telling { note, told } in footprints::untold(&self.vault, self.met)? {
            self.step_beside(Input::Act(note), told)?;
            // The first is about these, if there were any.
            self.met = Met::default();
        }
        footprints::forget(&mut self.vault)
    }
}
