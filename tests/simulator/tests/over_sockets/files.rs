//! Contents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::ask;
use crate::world::scene;

#[tokio::test]
async fn a_file_comes_as_base64_in_lines() {
    let scene = scene().await;
    let github = scene.sim.github();
    let text = "0123456789".repeat(20);
    github
        .put_file("acme", "app", "docs/b c.md", &text)
        .unwrap();
    let token = scene.full_token().await;
    let answer = scene
        .get("/repos/ACME/App/contents/docs/b%20c.md", &token)
        .await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(body["type"], "file");
    assert_eq!(body["encoding"], "base64");
    assert_eq!(body["size"], 200);
    assert_eq!(body["name"], "b c.md");
    assert_eq!(body["path"], "docs/b c.md");
    let content = body["content"].as_str().unwrap();
    assert!(content.ends_with('\n'));
    assert!(content.lines().all(|line| line.len() <= 60));
    let joined: String = content.lines().collect();
    assert_eq!(STANDARD.decode(joined).unwrap(), text.as_bytes());

    let path = "/repos/acme/app/contents/docs/a.md";
    let hello = scene.get(path, &token).await;
    // `printf hello | git hash-object --stdin`
    let sha = "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0";
    assert_eq!(hello.json()["sha"], sha);
    let again = ask("GET", scene.url(path))
        .bearer(&token)
        .header("if-none-match", hello.header("etag"));
    assert_eq!(again.send().await.status, 304);
    let raw = ask("GET", scene.url(path))
        .bearer(&token)
        .header("accept", "application/vnd.github.raw+json");
    assert_eq!(raw.send().await.body, "hello");
}

#[tokio::test]
async fn a_directory_is_a_list_and_what_is_absent_is_404() {
    let scene = scene().await;
    let github = scene.sim.github();
    github
        .put_file("acme", "app", "docs/deep/er/x", "x")
        .unwrap();
    github.put_file("acme", "app", "docs.txt", "x").unwrap();
    let token = scene.full_token().await;
    let list = scene.get("/repos/acme/app/contents/docs", &token).await;
    let names = |list: Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = list.as_array().unwrap().clone();
        list.iter()
            .map(|entry| (text(&entry["path"]), text(&entry["type"])))
            .collect()
    };
    let wanted = [("docs/a.md", "file"), ("docs/deep", "dir")];
    let own = |(path, kind): (&str, &str)| (path.to_owned(), kind.to_owned());
    assert_eq!(names(list.json()), wanted.map(own));
    assert_eq!(list.json()[0].get("content"), None);
    let root = scene.get("/repos/acme/app/contents/", &token).await;
    assert_eq!(
        names(root.json()),
        [("docs.txt", "file"), ("docs", "dir")].map(own)
    );
    for (path, wanted) in [
        ("/repos/acme/app/contents/docs/none", 404),
        ("/repos/acme/app/contents/DOCS", 404),
        ("/repos/acme/app/contents/docs/a.md/x", 404),
        ("/repos/acme/app/contents/docs/a.md?ref=main", 200),
        ("/repos/acme/app/contents/docs/a.md?ref=dev", 404),
        ("/repos/acme/web/contents/", 404),
    ] {
        assert_eq!(scene.get(path, &token).await.status, wanted, "{path}");
    }
    assert!(github.remove_file("acme", "app", "docs/deep/er/x").unwrap());
    let gone = scene
        .get("/repos/acme/app/contents/docs/deep", &token)
        .await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn big_files_and_big_directories_are_as_githubs() {
    let scene = scene().await;
    let github = scene.sim.github();
    github
        .put_file("acme", "app", "big", vec![b'x'; 1_000_001])
        .unwrap();
    for number in 0..1_001 {
        let path = format!("many/{number:04}");
        github.put_file("acme", "app", &path, "x").unwrap();
    }
    let token = scene.full_token().await;
    let big = scene
        .get("/repos/acme/app/contents/big", &token)
        .await
        .json();
    assert_eq!(
        (&big["encoding"], &big["content"]),
        (&json!("none"), &json!(""))
    );
    assert_eq!(big["size"], 1_000_001);
    let many = scene.get("/repos/acme/app/contents/many", &token).await;
    assert_eq!(many.json().as_array().map(Vec::len), Some(1_000));
}

#[tokio::test]
async fn public_is_readable_and_private_is_not_there() {
    let scene = scene().await;
    scene
        .sim
        .github()
        .put_file("acme", "web", "x", "x")
        .unwrap();
    let get = async |path: &str| ask("GET", scene.url(path)).send().await.status;
    assert_eq!(get("/repos/acme/web/contents/x").await, 200);
    assert_eq!(get("/repos/acme/app/contents/docs/a.md").await, 404);
    let foreign = scene.mint(scene.jane, json!({})).await.json();
    let foreign = foreign["token"].as_str().unwrap();
    let answer = scene.get("/repos/acme/web/contents/x", foreign).await;
    assert_eq!(answer.status, 200);
    let answer = scene
        .get("/repos/acme/app/contents/docs/a.md", foreign)
        .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn writing_needs_the_permission_and_the_sha() {
    let scene = scene().await;
    let writer = scene.full_token().await;
    let reader = scene
        .token(json!({"permissions": {"contents": "read"}}))
        .await;
    let put = async |path: &str, token: &str, body: Value| {
        let url = scene.url(&format!("/repos/acme/{path}"));
        ask("PUT", url).bearer(token).json(&body).send().await
    };
    let new = json!({"message": "m", "content": STANDARD.encode("new")});
    let refused = put("app/contents/n", &reader, new.clone()).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.message(), "Resource not accessible by integration");
    let written = put("app/contents/n", &writer, new.clone()).await;
    assert_eq!(written.status, 201);
    assert_eq!(
        put("app/contents/n", &writer, new.clone()).await.status,
        422
    );
    let mut update = new.clone();
    update["sha"] = json!("0000");
    assert_eq!(
        put("app/contents/n", &writer, update.clone()).await.status,
        409
    );
    update["sha"] = written.json()["content"]["sha"].clone();
    assert_eq!(put("app/contents/n", &writer, update).await.status, 200);
    let workflow = "app/contents/.github/workflows/ci.yaml";
    assert_eq!(put(workflow, &writer, new.clone()).await.status, 403);
    assert_eq!(
        put("app/contents/o", &writer, json!({"message": "m"}))
            .await
            .status,
        422
    );
    let bad = json!({"message": "m", "content": "!"});
    assert_eq!(put("app/contents/o", &writer, bad).await.status, 422);
    let foreign = scene.mint(scene.jane, json!({})).await.json();
    let foreign = foreign["token"].as_str().unwrap();
    assert_eq!(
        put("app/contents/o", foreign, new.clone()).await.status,
        404
    );
    assert_eq!(put("web/contents/o", foreign, new).await.status, 403);
}
