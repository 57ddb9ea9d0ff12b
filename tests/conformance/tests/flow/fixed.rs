//! The answers of the host itself.

use host_wasmtime::Fixed;

#[test]
fn the_hosts_own_answers_are_rows_of_the_table() {
    let table = include_str!("../../../../docs/ERRORS.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for fixed in Fixed::ALL {
        let answer = fixed.answer();
        let (code, status) = (answer.code.to_string(), answer.status.to_string());
        let wanted = [code.as_str(), &status, answer.error, answer.message];
        let row = rows.iter().find(|row| row.get(1..) == Some(&wanted[..]));
        let row = row.unwrap_or_else(|| panic!("docs/ERRORS.md lacks {wanted:?}"));
        assert_eq!(
            answer.retry_after.is_some(),
            row[0].contains("(R)"),
            "{wanted:?}"
        );
    }
}
