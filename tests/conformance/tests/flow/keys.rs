//! The App's key on disk (rule 8).

use conformance::Building;

#[tokio::test]
async fn a_replaced_key_file_is_read_again() {
    let file = std::env::temp_dir().join(format!("conformance-{}.pem", std::process::id()));
    std::fs::write(&file, conformance::app_key().pem()).unwrap();
    let building = Building::default()
        .unset("APP_SECRET_CERTIFICATE_ENV_VAR")
        .set("APP_SECRET_CERTIFICATE_FILE", file.to_str().unwrap());
    let world = building.start().await;
    let _ = world.usual().await.granted();
    let new = conformance::another_app_key();
    world
        .github()
        .set_app_keys(conformance::APP, vec![new.clone()])
        .unwrap();
    std::fs::write(&file, new.pem()).unwrap();
    world.until_live(1).await;
    world.forget_calls();
    let granted = world.usual().await.granted();
    assert_eq!(
        world.github_calls(),
        2,
        "refused once, then with the new key"
    );
    assert!(!granted.token.is_empty());
    std::fs::remove_file(file).unwrap();
}
