//! Builds again when a rule file comes or goes: the folder is built in.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
fn main() {
    println!("cargo::rerun-if-changed=rules");
}
