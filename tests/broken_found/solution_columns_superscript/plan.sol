Model status
Optimal

# Primal solution values
Feasible
Objective 1
# Columns ²
x 1
