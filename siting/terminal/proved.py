"""What each bundled model reached on two cores, seconds of the whole solve.

Measured by ``python -m tests.benchmarks catalogue`` and the other benchmarks of the README.
"""

PROVED: dict[str, str] = {
    "backup_coverage": "poltava (1,857 places): gap 0.13 % in 40 s; ukraine: 1.2 %",
    "capacitated_coverage": "poltava (1,857 places): gap 0.06 % in 60 s; ukraine: 4.6 %",
    "capacitated_median": "OR-Library pmedcap, 100 x 100: proved in 15 s; poltava: gap 2.6 %; ukraine: 31 %",
    "co_financing": "ukraine, 1,469 budgets: gap 0.04 % in 60 s",
    "distance_rule": "ukraine: gap 0.004 % in 60 s",
    "double_standard": "poltava: gap 0.04 % in 60 s; ukraine: 1.2 %",
    "expected_coverage": "ukraine: gap 0.005 % in 60 s",
    "expected_losses": "ukraine: proved in 4.4 s",
    "fairest_coverage": "ukraine: gap 0.008 % in 60 s, of every objective",
    "gradual_coverage": "ukraine: proved in 21 s",
    "hierarchy": "ukraine: proved in 1.8 s",
    "max_coverage": "ukraine: gap 0.003 % in 60 s; 500 new proved in 1.0 s",
    "min_travel_time": "300,000 x 300,000 generated: proved in 110 s",
    "p_center": "OR-Library pmed1-20: all proved in 0.9 s; ukraine proved in 0.6 s, fire alone 2.9 % in 90 s",
    "regional_floors": "ukraine: gap 0.02 % in 60 s",
    "reliable_coverage": "poltava: gap 0.03 % in 60 s; ukraine: 1.2 %",
    "relocation": "ukraine, 100 moves: proved in 18 s",
    "robust_expected": "ukraine, 3 scenarios: gap 0.001 % in 60 s",
    "robust_worst": "ukraine, 3 scenarios: gap 0.03 % in 60 s",
    "rollout": "ukraine, 3 periods: gap 0.001 % in 60 s",
    "set_cover": "5,000 places: proved in 1.1 s; ukraine: gap 0.01 % in 60 s",
    "spacing": "ukraine: gap 0.03 % in 60 s",
    "staffing": "ukraine: gap 0.002 % in 60 s",
    "total_cost": "ukraine, without a budget: proved in 4 s; OR-Library capa, 100 x 1,000: 0.2 s",
    "upgrade": "ukraine: proved in 0.3 s",
    "worst_off": "poltava: gap 0.09 % in 60 s; ukraine: 5.3 %",
}
"""Name of a model, and what was measured."""
