//! The `despoof` command.
fn main() {}
