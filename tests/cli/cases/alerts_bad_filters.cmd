fundwatch alerts list --since yesterday; fundwatch alerts list --state open; fundwatch alerts show x
