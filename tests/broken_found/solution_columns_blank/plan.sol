Model status
Optimal

# Primal solution values
Feasible
Objective 1
# Columns 
x 1
