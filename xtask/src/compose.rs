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

/// Answers every import of `artifact` that `platform` exports; there is none that it does not import.
pub(crate) fn compose(artifact: &[u8], platform: &[u8]) -> Result<Vec<u8>, String> {
    let (composed, taken, offered) = plugged(artifact, platform)?;
    // What does not fit is left out in silence, and an environment that is not replaced would show the App's key.
    if taken != offered {
        return Err(format!(
            "the artifact takes {taken} of {offered} interfaces"
        ));
    }
    Ok(composed)
}

/// The composed file, and how many interfaces of those that the platform component offers the artifact takes.
fn plugged(artifact: &[u8], platform: &[u8]) -> Result<(Vec<u8>, usize, usize), String> {
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
    let offered = graph.types()[graph[platform].ty()].exports.len();
    let taken = graph
        .node_ids()
        .filter(|node| graph[*node].package() == Some(artifact))
        .map(|node| graph.get_instantiation_arguments(node).count())
        .sum::<usize>();
    let composed = graph.encode(EncodeOptions::default());
    let composed = composed.map_err(|error| format!("{error:#}"))?;
    Ok((composed, taken, offered))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::compose;
    use crate::build::dist;
    use wasmtime::component::{Component, Linker, ResourceTable};
    use wasmtime::{Engine, Store};
    use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

    /// In the artifact's place: counts the variables that it sees.
    const COUNTS: &str = r#"(component
      (import "wasi:cli/environment@0.2.12" (instance $environment
        (export "get-environment" (func (result (list (tuple string string)))))))
      (core module $memory
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          global.get $next
          (global.set $next (i32.add (global.get $next)
            (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))))
      (core instance $memory (instantiate $memory))
      (core func $get (canon lower (func $environment "get-environment")
        (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
      (core module $counter
        (import "memory" "memory" (memory 1))
        (import "environment" "get" (func $get (param i32)))
        (func (export "count") (result i32)
          (call $get (i32.const 16))
          (i32.load (i32.const 20))))
      (core instance $counter (instantiate $counter
        (with "memory" (instance $memory))
        (with "environment" (instance (export "get" (func $get))))))
      (func (export "count") (result u32) (canon lift (core func $counter "count"))))"#;

    struct Host(WasiCtx, ResourceTable);

    impl WasiView for Host {
        fn ctx(&mut self) -> WasiCtxView<'_> {
            WasiCtxView {
                ctx: &mut self.0,
                table: &mut self.1,
            }
        }
    }

    fn count(component: &[u8]) -> u32 {
        let engine = Engine::default();
        let component = Component::new(&engine, component).unwrap();
        let mut linker = Linker::<Host>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        let context = WasiCtx::builder()
            .env("GITHUB_APP_PRIVATE_KEY", "secret")
            .env("STS_DOMAIN", "sts.example.com")
            .build();
        let mut store = Store::new(&engine, Host(context, ResourceTable::new()));
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let count = instance.get_typed_func::<(), (u32,)>(&mut store, "count");
        count.unwrap().call(&mut store, ()).unwrap().0
    }

    #[test]
    fn behind_the_platform_component_there_is_no_variable() {
        let guest = wat::parse_str(COUNTS).unwrap();
        assert_eq!(count(&guest), 2, "without it the guest sees both");
        let platform = std::fs::read(dist("platform_wasi.wasm")).unwrap();
        assert_eq!(count(&super::plugged(&guest, &platform).unwrap().0), 0);
    }

    #[test]
    fn an_artifact_that_does_not_take_every_interface_is_not_composed() {
        let guest = wat::parse_str(COUNTS).unwrap();
        let platform = std::fs::read(dist("platform_wasi.wasm")).unwrap();
        let refused = compose(&guest, &platform).unwrap_err();
        assert!(refused.starts_with("the artifact takes 1 of "), "{refused}");
    }
}
