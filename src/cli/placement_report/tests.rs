//! The tables at several widths.

use std::collections::BTreeMap;

use super::*;
use crate::fit::{LossColumn, WorkloadRow};
use LossCell::{Degraded, Expendable, Fails, Gone, Moved, Untouched};

fn row(
    name: &str,
    placed: &[(usize, u32)],
    worst: Option<usize>,
    margin: Option<u32>,
) -> WorkloadRow {
    WorkloadRow {
        name: name.to_owned(),
        instance: name.to_owned(),
        object: format!("Deployment/{name}"),
        part: "pod".to_owned(),
        pods: placed.iter().map(|(_, n)| n).sum(),
        per_node: margin.is_none(),
        may_run: vec![0, 1, 2],
        placed: placed.iter().copied().collect(),
        worst,
        margin,
        expendable: None,
    }
}

fn loss(name: &str, cells: &[LossCell]) -> LossColumn {
    LossColumn {
        lost: vec![name.to_owned()],
        zones: false,
        cells: cells.to_vec(),
    }
}

fn three() -> Overview {
    let cache = WorkloadRow {
        expendable: Some("what it holds can be fetched again".to_owned()),
        may_run: vec![0],
        ..row("cache", &[(0, 1)], Some(0), Some(0))
    };
    let workloads = vec![
        row("exporter", &[(0, 1), (1, 1), (2, 1)], None, None),
        row(
            "database/instance",
            &[(0, 1), (1, 1), (2, 1)],
            Some(0),
            Some(0),
        ),
        cache,
        row(
            "web-of-a-customer-with-a-long-name/front-end",
            &[(1, 2)],
            Some(1),
            Some(999),
        ),
        row("solver", &[(2, 1)], Some(2), Some(0)),
    ];
    Overview {
        site: "plant".to_owned(),
        outcome: "proved",
        holds: false,
        nodes: ["node-0", "node-1", "node-2"].map(str::to_owned).into(),
        workloads,
        away: None,
        losses: vec![
            loss(
                "node-0",
                &[Gone, Degraded(1), Expendable(1), Untouched, Untouched],
            ),
            loss(
                "node-1",
                &[Gone, Degraded(1), Untouched, Moved(2), Untouched],
            ),
            loss(
                "node-2",
                &[Gone, Degraded(1), Untouched, Untouched, Fails(1)],
            ),
        ],
        assumptions: vec![
            "pool `main`: the platform takes 1 cpu and 2Gi memory of each node (a guess)"
                .to_owned(),
        ],
    }
}

#[test]
fn the_tables_fit_eighty_columns() {
    let text = render_placement(
        &three(),
        Look {
            color: false,
            width: Some(80),
        },
    );
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text, @r"
    plant: every pod has a node, but 1 of 3 possible losses is not survived

    WORKLOAD                            PODS   MAY RUN  0  1  2  WORST LOSS     ROOM
    exporter                               3  anywhere  1  1  1  -
    database/instance                      3  anywhere  1  1  1  0: 1 fewer        0
    cache                                  1    1 of 3  1  -  -  0: 1 missed       0
    web-of-a-custome…ng-name/front-end     2  anywhere  ·  2  ·  1: 2 move      999+
    solver                                 1  anywhere  ·  ·  1  2: 1 unplaced     0
    the names of nodes begin with node-

    NODE LOST node-                             0   1   2
    database/instance                          −1  −1  −1
    cache                                     (1)   ·   ·
    web-of-a-customer-w…-long-name/front-end    ·  →2   ·
    solver                                      ·   ·  ✗1

    1 more workload loses nothing that is needed elsewhere
    →n start elsewhere   −n fewer until the node is back   (n) missed, and may be
    ✗n have no place

    Need not survive
      - cache: what it holds can be fetched again

    Taken for granted
      - pool `main`: the platform takes 1 cpu and 2Gi memory of each node (a guess)
    ");
}

#[test]
fn nothing_is_cut_where_there_is_room() {
    let text = render_placement(
        &three(),
        Look {
            color: false,
            width: Some(200),
        },
    );
    assert!(
        text.contains("web-of-a-customer-with-a-long-name/front-end  "),
        "{text}"
    );
    assert_eq!(
        text,
        render_placement(
            &three(),
            Look {
                color: false,
                width: None
            }
        )
    );
}

#[test]
fn colours_do_not_move_columns() {
    let colored = render_placement(
        &three(),
        Look {
            color: true,
            width: Some(80),
        },
    );
    let mut plain = String::new();
    let mut inside = false;
    for c in colored.chars() {
        match c {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    assert_eq!(
        plain,
        render_placement(
            &three(),
            Look {
                color: false,
                width: Some(80)
            }
        )
    );
    assert!(colored.contains("\u{1b}[1;31m✗1\u{1b}[0m"), "{colored}");
}

#[test]
fn many_nodes_are_counted_and_only_losses_that_hurt_are_shown() {
    let nodes: Vec<String> = (0..200).map(|n| format!("worker-{n:03}")).collect();
    let placed: BTreeMap<usize, u32> = (0..40).map(|n| (n, 1)).collect();
    let web = WorkloadRow {
        placed,
        pods: 40,
        may_run: (0..200).collect(),
        ..row("web", &[], Some(7), Some(12))
    };
    let cell = |n: usize| {
        if n == 7 {
            LossCell::Fails(1)
        } else if n < 40 {
            LossCell::Moved(1)
        } else {
            LossCell::Untouched
        }
    };
    let losses = (0..200).map(|n| loss(&nodes[n], &[cell(n)])).collect();
    let overview = Overview {
        nodes,
        losses,
        workloads: vec![web],
        assumptions: Vec::new(),
        ..three()
    };
    let text = render_placement(
        &overview,
        Look {
            color: false,
            width: Some(80),
        },
    );
    insta::assert_snapshot!(text, @r"
    plant: every pod has a node, but 1 of 200 possible losses is not survived

    WORKLOAD  PODS   MAY RUN   RUNS ON  WORST LOSS              ROOM
    web         40  anywhere  40 nodes  worker-007: 1 unplaced    12

    NODE LOST  worker-007
    web                ✗1

    199 more losses, after which every pod that was lost runs elsewhere or is not needed
    →n start elsewhere   ✗n have no place
    ");
}

#[test]
fn names_cannot_disturb_the_terminal() {
    let mut overview = three();
    overview.workloads[0].name = "a\u{1b}[2Jb".to_owned();
    assert!(!render_placement(&overview, Look::default()).contains('\u{1b}'));
}
