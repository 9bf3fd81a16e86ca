"""Names for the synthetic province: every institution and person here is invented.

Institutions are called by pairs of characters that name no place; people by common characters put
together at random. Majors are ordinary subjects of study.
"""

FIRST = "岚砚漪翎簌澹霁珩煦棠鹭沅蓼笙溯鸢芷槿梧桉萤樾岫汐"
SECOND = "辰渺川屿舟原溪麓洲谷汀桥渡津湾岭野塘浦垣林台峰石"
KINDS = ("大学", "学院", "师范学院", "理工学院", "职业学院", "职业技术学院", "工学院", "财经学院")

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "明华文丽军伟芳娜敏静强磊洋勇艳杰娟涛超霞平刚桂英梅鑫宇浩然子轩雨欣思远佳怡博雅诗涵嘉泽晨"

MAJORS = (
    "大数据与会计", "护理", "机电一体化技术", "计算机应用技术", "电子商务", "电气自动化技术", "学前教育",
    "软件技术", "工程造价", "建筑工程技术", "汽车检测与维修技术", "旅游管理", "市场营销", "物流管理", "药学",
    "临床医学", "口腔医学", "汉语言文学", "法学", "英语", "日语", "数学与应用数学", "物理学", "化学", "生物科学",
    "历史学", "地理科学", "土木工程", "自动化", "通信工程", "人工智能", "数据科学与大数据技术", "金融学", "会计学",
    "工商管理", "新闻学", "环境工程", "食品科学与工程", "园林", "动物医学",
)  # fmt: skip
