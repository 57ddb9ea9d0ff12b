//! One file of the artifact and a platform component: for hosts that do not compose by themselves, and for checking what
//! those that do will see.

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// A composed file.
pub(crate) struct Composed {
    /// Below `dist/`.
    pub(crate) platform: &'static str,
    /// Below `dist/`.
    pub(crate) file: &'static str,
    /// The platform whose interfaces it must be content with: `tests/interfaces/NAME.txt`.
    pub(crate) on: &'static str,
}

/// Spin and wasmCloud put the parts together when they load them; `dist/composed/` has what they get.
pub(crate) const ALL: [Composed; 3] = [
    Composed {
        platform: "platform_spin.wasm",
        file: "composed/spin.wasm",
        on: "spin",
    },
    Composed {
        platform: "platform_wasmcloud.wasm",
        file: "composed/wasmcloud.wasm",
        on: "wasmcloud",
    },
    Composed {
        platform: "platform_wasi.wasm",
        file: "octo_sts-standalone.wasm",
        on: "wasi",
    },
];

/// Answers every import of `artifact` that `platform` exports.
pub(crate) fn compose(artifact: &[u8], platform: &[u8]) -> Result<Vec<u8>, String> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, bytes: &[u8]| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut());
        let package = package.map_err(|error| format!("{error:#}"))?;
        graph
            .register_package(package)
            .map_err(|error| error.to_string())
    };
    let platform = register("octo-sts:platform-component", platform)?;
    let artifact = register("octo-sts:artifact", artifact)?;
    plug(&mut graph, vec![platform], artifact).map_err(|error| format!("{error:#}"))?;
    // What does not fit is left out in silence, and an environment that is not replaced would show the App's key.
    let offered = graph.types()[graph[platform].ty()].exports.len();
    let taken = graph
        .node_ids()
        .filter(|node| graph[*node].package() == Some(artifact))
        .map(|node| graph.get_instantiation_arguments(node).count())
        .sum::<usize>();
    if taken != offered {
        return Err(format!(
            "the artifact takes {taken} of {offered} interfaces"
        ));
    }
    let composed = graph.encode(EncodeOptions::default());
    composed.map_err(|error| format!("{error:#}"))
}
