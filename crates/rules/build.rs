//! Builds again when a rule file comes or goes: the folder is built in.

fn main() {
    println!("cargo::rerun-if-changed=rules");
}
