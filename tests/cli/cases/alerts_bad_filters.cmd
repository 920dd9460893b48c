fundwatch alerts list --since yesterday; fundwatch alerts list --state wrong; fundwatch alerts show x
