"""Compares the tables of release 1.0.0 with today's, cell by cell, through the list of columns that were renamed.

    git archive <commit of 1.0.0> results | tar -x -C OLD
    python3 reference/renamed.py OLD/results results

Each table of the old folder must be in the new one, with the same rows, and with the same text in every cell of every
old column.  New tables and new columns are allowed; settings lines are not compared.
"""
import pathlib
import sys

RENAMED = {  # table: {column in 1.0.0: column now}
    "actnorm": {"untrained_grad_norm": "grad_norm"},
    "density_integral": {"mean_logp": "train_logp"},
    "depth_sweep": {"mean_logp": "train_logp"},
    "gradient_depth": {"mean_logp": "untrained_logp"},
    "gradient_norm": {"mean_logp": "untrained_logp"},
    "roundoff_final": {"mean_logp": "train_logp"},
}


def read(path):
    lines = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
    return lines[0], lines[1:]


def main(old_folder, new_folder):
    cells = different = 0
    for old_path in sorted(pathlib.Path(old_folder).glob("*.tsv")):
        name = old_path.stem
        old_head, old_rows = read(old_path)
        new_head, new_rows = read(pathlib.Path(new_folder) / old_path.name)
        if len(old_rows) != len(new_rows):
            sys.exit(f"{name}: {len(old_rows)} rows, now {len(new_rows)}")
        for k, column in enumerate(old_head):
            now = new_head.index(RENAMED.get(name, {}).get(column, column))
            for number, (old, new) in enumerate(zip(old_rows, new_rows), 1):
                cells += 1
                if old[k] != new[now]:
                    different += 1
                    print(f"{name}: row {number}, {column}: {old[k]}, now {new[now]}")
    print(f"{cells} cells, {different} different")
    return different > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
