"""Codes of Chinese provinces, GB/T 2260: what an address is known to lie in."""

# By the first two characters of the province's name, which tell them apart.
_PROVINCES = {
    "北京": "11",
    "天津": "12",
    "河北": "13",
    "山西": "14",
    "内蒙": "15",
    "辽宁": "21",
    "吉林": "22",
    "黑龙": "23",
    "上海": "31",
    "江苏": "32",
    "浙江": "33",
    "安徽": "34",
    "福建": "35",
    "江西": "36",
    "山东": "37",
    "河南": "41",
    "湖北": "42",
    "湖南": "43",
    "广东": "44",
    "广西": "45",
    "海南": "46",
    "重庆": "50",
    "四川": "51",
    "贵州": "52",
    "云南": "53",
    "西藏": "54",
    "陕西": "61",
    "甘肃": "62",
    "青海": "63",
    "宁夏": "64",
    "新疆": "65",
    "台湾": "71",
    "香港": "81",
    "澳门": "82",
}


def region_code(province, picked):
    """The six digits of a region.

    :param str province: as the shopper wrote it
    :param str | None picked: the district's code, from the client's region picker
    :return: `picked` unless it lies in another province, else the province's; None if unknown
    """
    code = _PROVINCES.get(province[:2])
    if picked and (not code or picked.startswith(code)):
        return picked
    return f"{code}0000" if code else None
