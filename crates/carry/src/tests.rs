//! Links to real relays, on this machine, over what lies between.

mod beside;
mod between;
mod datagrams;
mod first_keys;
mod greetings;
mod lines;
mod losses;
mod people;
mod proxies;
mod visits;
