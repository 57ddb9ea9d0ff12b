//! Small components, put together from `guest.wat` and what they import besides.

/// Something to import: the interface, its functions as core functions, their types in the core module, and their names.
pub(crate) struct Import {
    pub(crate) interface: &'static str,
    pub(crate) lowered: &'static str,
    pub(crate) core: &'static str,
    pub(crate) given: &'static str,
}

impl Import {
    /// Imported and never called.
    pub(crate) const fn unused(interface: &'static str) -> Self {
        Self {
            interface,
            lowered: "",
            core: "",
            given: "",
        }
    }
}

/// A component that does `handle` with each request, and has `texts` from address 256 on.
pub(crate) fn guest(imports: &[Import], texts: &str, handle: &str) -> Vec<u8> {
    let all = |part: fn(&Import) -> &'static str| {
        let parts: Vec<&str> = imports.iter().map(part).collect();
        parts.join("\n")
    };
    let text = include_str!("guest.wat")
        .replace("{{IMPORTS}}", &all(|import| import.interface))
        .replace("{{LOWERED}}", &all(|import| import.lowered))
        .replace("{{CORE}}", &all(|import| import.core))
        .replace("{{GIVEN}}", &all(|import| import.given))
        .replace("{{TEXTS}}", texts)
        .replace("{{HANDLE}}", handle);
    wat::parse_str(text).unwrap()
}

pub(crate) const ANSWER: &str = "(call $answer (local.get $out))";

/// `$app-jwt`: App, refused, where the result goes.
pub(crate) const SIGNER: Import = Import {
    interface: r#"(import "octo-sts:platform/signer@0.1.0" (instance $signer
        (type $failure (variant (case "unknown-app") (case "unavailable" string)))
        (export "failure" (type $FAILURE (eq $failure)))
        (export "app-jwt" (func (param "app" u64) (param "refused" bool)
          (result (result string (error $FAILURE)))))))"#,
    lowered: r#"(core func $app-jwt (canon lower (func $signer "app-jwt")
        (memory $mem) (realloc $realloc) string-encoding=utf8))"#,
    core: r#"(import "host" "app-jwt" (func $app-jwt (param i64 i32 i32)))"#,
    given: r#"(export "app-jwt" (func $app-jwt))"#,
};

/// `$cache-get`: kind, parts (address and length each), where the result goes.
pub(crate) const CACHE: Import = Import {
    interface: r#"(import "octo-sts:platform/cache@0.1.0" (instance $cache
        (type $name (record (field "kind" string) (field "parts" (list string))))
        (export "name" (type $NAME (eq $name)))
        (export "get" (func (param "name" $NAME) (result (option (list u8)))))))"#,
    lowered: r#"(core func $cache-get (canon lower (func $cache "get")
        (memory $mem) (realloc $realloc) string-encoding=utf8))"#,
    core: r#"(import "host" "cache-get" (func $cache-get (param i32 i32 i32 i32 i32)))"#,
    given: r#"(export "cache-get" (func $cache-get))"#,
};

/// `$about`: where the traits go: the name's address and length, then a byte for each of them.
pub(crate) const SETTINGS: Import = Import {
    interface: r#"(import "octo-sts:platform/settings@0.1.0" (instance $settings
        (type $traits (record (field "platform" string) (field "vets-addresses" bool) (field "makes-wait" bool)
          (field "atomic" bool) (field "chains" bool) (field "outlives" bool)))
        (export "traits" (type $TRAITS (eq $traits)))
        (export "about" (func (result $TRAITS)))))"#,
    lowered: r#"(core func $about (canon lower (func $settings "about")
        (memory $mem) (realloc $realloc) string-encoding=utf8))"#,
    core: r#"(import "host" "about" (func $about (param i32)))"#,
    given: r#"(export "about" (func $about))"#,
};

/// `$call`: the authority's address and length, where the result goes. Gives 0 and a future, or 1 and eight bytes later an
/// error code. `$wait`: a future, where its result goes: the inner result at 16, its error code at 24. To be imported last.
pub(crate) const OUTGOING: Import = Import {
    interface: r#"(alias export $types "outgoing-request" (type $a-request))
      (alias export $types "request-options" (type $some-options))
      (alias export $types "future-incoming-response" (type $a-future))
      (alias export $types "error-code" (type $a-code))
      (import "wasi:http/outgoing-handler@0.2.0" (instance $outgoing
        (export "outgoing-request" (type $r (eq $a-request)))
        (export "request-options" (type $o (eq $some-options)))
        (export "future-incoming-response" (type $f (eq $a-future)))
        (export "error-code" (type $c (eq $a-code)))
        (export "handle" (func (param "request" (own $r)) (param "options" (option (own $o)))
          (result (result (own $f) (error $c)))))))"#,
    lowered: r#"(core func $new-request (canon lower (func $types "[constructor]outgoing-request")))
      (core func $set-authority (canon lower (func $types "[method]outgoing-request.set-authority")
        (memory $mem) string-encoding=utf8))
      (core func $set-path (canon lower (func $types "[method]outgoing-request.set-path-with-query")
        (memory $mem) string-encoding=utf8))
      (core func $send (canon lower (func $outgoing "handle") (memory $mem) (realloc $realloc) string-encoding=utf8))
      (core func $subscribe (canon lower (func $types "[method]future-incoming-response.subscribe")))
      (core func $block (canon lower (func $poll "[method]pollable.block")))
      (core func $get (canon lower (func $types "[method]future-incoming-response.get")
        (memory $mem) (realloc $realloc) string-encoding=utf8))"#,
    core: r#"(import "host" "new-request" (func $new-request (param i32) (result i32)))
      (import "host" "set-authority" (func $set-authority (param i32 i32 i32 i32) (result i32)))
      (import "host" "set-path" (func $set-path (param i32 i32 i32 i32) (result i32)))
      (import "host" "send" (func $send (param i32 i32 i32 i32)))
      (import "host" "subscribe" (func $subscribe (param i32) (result i32)))
      (import "host" "block" (func $block (param i32)))
      (import "host" "get" (func $get (param i32 i32)))
      (func $call (param $at i32) (param $length i32) (param $to i32)
        (local $request i32)
        (local.set $request (call $new-request (call $fields)))
        (drop (call $set-authority (local.get $request) (i32.const 1) (local.get $at) (local.get $length)))
        (drop (call $set-path (local.get $request) (i32.const 1) (i32.const 255) (i32.const 1)))
        (call $send (local.get $request) (i32.const 0) (i32.const 0) (local.get $to)))
      (func $wait (param $future i32) (param $to i32)
        (call $block (call $subscribe (local.get $future)))
        (call $get (local.get $future) (local.get $to)))"#,
    given: r#"(export "new-request" (func $new-request))
      (export "set-authority" (func $set-authority))
      (export "set-path" (func $set-path))
      (export "send" (func $send))
      (export "subscribe" (func $subscribe))
      (export "block" (func $block))
      (export "get" (func $get))"#,
};

/// Traps unless the byte at `address` is `wanted`.
pub(crate) fn byte(address: u32, wanted: u8) -> String {
    format!(
        "(if (i32.ne (i32.load8_u (i32.const {address})) (i32.const {wanted})) (then (unreachable)))"
    )
}
