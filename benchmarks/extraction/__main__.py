import sys

from benchmarks.extraction.marked import load
from benchmarks.extraction.scoring import counted, score

for name in sys.argv[1:] or ["dev"]:
    total = counted([score(report) for report in load(name)])
    print("\n".join(total.misses))
    print(
        f"{name}: P {total.precision:.4f} R {total.recall:.4f} F1 {total.f1:.4f} n={total.expected} cmp {total.comparators / max(1, total.right):.4f} dl {total.deadlines / max(1, total.right):.4f} dated {total.dated_right}/{total.dated} review {total.from_review}"
    )
