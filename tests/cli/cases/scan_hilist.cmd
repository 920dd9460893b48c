fundwatch scan --rules hilist --feed hilist/feed.yaml --format csv hilist/fee_list_d.csv 2>/dev/null | cut -d, -f1,10,12
fundwatch scan --rules hilist --format csv hilist/fee_list_d.csv 2>/dev/null | cut -d, -f1,10,12
