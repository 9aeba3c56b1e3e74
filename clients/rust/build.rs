//! Makes the messages and clients from protos/, without a protoc: protox is a compiler of protos in Rust.

use std::error::Error;
use std::fs;

const PROTOS: &str = "../../protos";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTOS}");
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("{PROTOS}/crossbook/v1"))? {
        files.push(entry?.path());
    }
    files.sort();
    let read = protox::compile(files, [PROTOS])?;
    tonic_prost_build::configure().build_server(false).compile_fds(read)?;
    Ok(())
}
