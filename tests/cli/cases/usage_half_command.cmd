fundwatch alerts
